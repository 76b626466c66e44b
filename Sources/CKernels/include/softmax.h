#ifndef NEEDLETAIL_CKERNELS_SOFTMAX_H
#define NEEDLETAIL_CKERNELS_SOFTMAX_H

#include <stdbool.h>
#include <stddef.h>

/// Softmax of every row, or its logarithm with `logarithm`. `y` may be `x`.
void nk_softmax(size_t rows, size_t columns, const float *x, float *y, bool logarithm);

/// The gradient of `nk_softmax` from its output `y`, written to `dx` or added with `accumulate`.
/// `dx` may be `dy`.
void nk_softmax_backward(size_t rows, size_t columns, const float *y, const float *dy, float *dx,
                         bool logarithm, bool accumulate);

#endif
