#ifndef NEEDLETAIL_CKERNELS_WINOGRAD_H
#define NEEDLETAIL_CKERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tile.h"

/// A convolution with kernels of 3 × 3 and strides of one, cut into tiles of `tile` × `tile` output
/// pixels (2 to 5): Winograd's F(tile×tile, 3×3) of Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks" (2016).
///
/// A tile sees (tile + 2)² input pixels and is as many products: its *points*. Tile number
/// (image · tiles_y + ty) · tiles_x + tx is at output pixel (ty · tile, tx · tile).
///
/// A transformed array lies point by point: element (point, i, channel) at
/// point · point_step + i · row_step + channel, i counting the tiles of a call.
typedef struct {
  ptrdiff_t tile;
  ptrdiff_t tiles_y, tiles_x;
  ptrdiff_t input_height, input_width, input_channels;
  ptrdiff_t output_height, output_width, output_channels;
  ptrdiff_t padding_top, padding_left;
} nk_winograd;

/// Floats between the matrices of two points, so that not all points fall into the same sets of a
/// cache.
enum { NK_WINOGRAD_GAP = 16 };

/// v = Bᵀ x B of the tiles first ..< first + count.
void nk_winograd_input(const nk_winograd *shape, const float *x, size_t first, size_t count,
                       float *v, ptrdiff_t point_step, ptrdiff_t row_step);

/// y = Aᵀ m A of the tiles, then the bias and the rest of `finish`.
void nk_winograd_output(const nk_winograd *shape, const float *m, ptrdiff_t point_step,
                        ptrdiff_t row_step, size_t first, size_t count, float *y,
                        const nk_tile_finish *finish);

/// m = A dy Aᵀ: the adjoint of nk_winograd_output.
void nk_winograd_output_gradient(const nk_winograd *shape, const float *dy, size_t first,
                                 size_t count, float *m, ptrdiff_t point_step, ptrdiff_t row_step);

/// y = the maxima of Aᵀ m A + bias over windows of 2 × 2, side by side, then max(0, ·) with `relu`;
/// indices as nk_pooled_convolution_forward writes them. `tile` is 2 or 4, the output's height and
/// width are even; `bias` and `indices` may be NULL.
void nk_winograd_pooled_output(const nk_winograd *shape, const float *m, ptrdiff_t point_step,
                               ptrdiff_t row_step, size_t first, size_t count, const float *bias,
                               bool relu, float *y, uint8_t *indices);

/// The same as nk_winograd_output_gradient, of a gradient that is at the pixels that were the largest of
/// their windows: the adjoint of nk_winograd_pooled_output.
void nk_winograd_pooled_gradient(const nk_winograd *shape, const float *dy, const uint8_t *indices,
                                 size_t first, size_t count, float *m, ptrdiff_t point_step,
                                 ptrdiff_t row_step);

/// dx += B v Bᵀ: the adjoint of nk_winograd_input. Tiles overlap: those of an image one after the
/// other.
void nk_winograd_input_gradient(const nk_winograd *shape, const float *v, ptrdiff_t point_step,
                                ptrdiff_t row_step, size_t first, size_t count, float *dx);

/// u = G w Gᵀ for the input channels first ..< first + count, packed for nk_tile_product: point by
/// point, each a matrix of input × output channels; `transposed`: output × input channels.
///
/// `w` is [3][3][input channels][output channels]. A matrix is nk_packed_count floats, and the next
/// starts NK_WINOGRAD_GAP behind it.
/// With `transposed`, first and count must be multiples of 16 or reach to the end.
void nk_winograd_weights(const nk_winograd *shape, const float *w, size_t first, size_t count,
                         bool transposed, float *u);

/// dw = Gᵀ du G, or += with `accumulate`, for the elements first ..< first + count of a matrix of
/// input × output channels; the points of `du` are point_step floats apart.
void nk_winograd_weight_gradient(const nk_winograd *shape, const float *du, ptrdiff_t point_step,
                                 size_t first, size_t count, bool accumulate, float *dw);

#endif
