#ifndef NEEDLETAIL_CKERNELS_DEPTHWISE_H
#define NEEDLETAIL_CKERNELS_DEPTHWISE_H

#include <stdbool.h>
#include <stddef.h>

#include "window.h"

/// Depthwise convolution: every channel with a kernel of its own, weights [ky][kx][channel],
/// `window->input_channels` channels in and out.
///
/// Writes `rows` lines of output pixels, from line `first_row` of the batch (image · output_height
/// + oy) on.
void nk_depthwise_forward(const nk_window *window, const float *x, const float *weights,
                          size_t first_row, size_t rows, float *y);

/// The gradient of `rows` lines of input pixels, from line `first_row` of the batch on.
void nk_depthwise_backward_data(const nk_window *window, const float *dz, const float *weights,
                                size_t first_row, size_t rows, bool accumulate, float *dx);

/// Adds to `dweights` the gradient that `rows` lines of output pixels give, from line `first_row`
/// of the batch on.
void nk_depthwise_backward_weights(const nk_window *window, const float *x, const float *dz,
                                   size_t first_row, size_t rows, float *dweights);

#endif
