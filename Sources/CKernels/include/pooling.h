#ifndef NEEDLETAIL_CKERNELS_POOLING_H
#define NEEDLETAIL_CKERNELS_POOLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "window.h"

/// An index of a maximum that has no gradient: relu cut it off. The largest place of a window that is
/// marked so must be less.
enum { NK_NOWHERE = 255 };

// Every window must see at least one pixel, dilations are 1. `first_row` and `rows` count lines
// of output pixels (forward) or input pixels (backward) through the batch.

/// y = the largest element of each window, indices = its place ky·kernel_width + kx.
///
/// The first of equals wins; NaN is larger than anything, the last NaN wins. At most 256 places.
void nk_max_pool_forward(const nk_window *window, const float *x, size_t first_row, size_t rows,
                         float *y, uint8_t *indices);

/// indices[i] = NK_NOWHERE where y[i], a rectified maximum, is not positive.
void nk_mark_rectified(size_t count, const float *y, uint8_t *indices);

/// dx = (accumulate ? dx : 0) + the gradients of the windows that took their value here.
void nk_max_pool_backward(const nk_window *window, const float *dy, const uint8_t *indices,
                          size_t first_row, size_t rows, bool accumulate, float *dx);

/// y = the mean of the pixels in each window; places outside of the image do not count.
void nk_average_pool_forward(const nk_window *window, const float *x, size_t first_row,
                             size_t rows, float *y);

/// The adjoint of `nk_average_pool_forward`.
void nk_average_pool_backward(const nk_window *window, const float *dy, size_t first_row,
                              size_t rows, bool accumulate, float *dx);

/// y[c] = the largest of x[row·columns + c] over rows, indices[c] = the row; ties and NaN as in
/// `nk_max_pool_forward`. At least one row.
void nk_column_maxima(const float *x, size_t rows, size_t columns, float *y, int32_t *indices);

/// y[i] /= divisor.
void nk_divide(float *y, size_t count, float divisor);

/// Every row of dx = (accumulate ? the row : 0) + dy / divisor.
void nk_spread_row(const float *dy, size_t rows, size_t columns, float divisor, bool accumulate,
                   float *dx);

/// dx[indices[c]·columns + c] += dy[c].
void nk_scatter_row(const float *dy, const int32_t *indices, size_t columns, float *dx);

#endif
