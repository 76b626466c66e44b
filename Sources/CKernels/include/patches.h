#ifndef NEEDLETAIL_CKERNELS_PATCHES_H
#define NEEDLETAIL_CKERNELS_PATCHES_H

#include <stddef.h>

#include "window.h"

/// im2row: writes what each of `rows` output pixels sees as a row of `patches`.
///
/// Output pixels are numbered through the batch, row-major; `first_row` is the first. A row is
/// [kernel_height][kernel_width][channels]; `x` points to the first of the wanted channels of the
/// first pixel of the batch. Places outside of the image are zero.
void nk_gather_patches(const nk_window *window, const float *x, ptrdiff_t channels,
                       size_t first_row, size_t rows, float *patches);

/// row2im, the adjoint of `nk_gather_patches`: adds each row of `patches` to the pixels it came
/// from, where their image row is in [top, bottom).
void nk_scatter_patches(const nk_window *window, const float *patches, ptrdiff_t channels,
                        size_t first_row, size_t rows, ptrdiff_t top, ptrdiff_t bottom, float *dx);

#endif
