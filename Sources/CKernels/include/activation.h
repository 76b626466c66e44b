#ifndef NEEDLETAIL_CKERNELS_ACTIVATION_H
#define NEEDLETAIL_CKERNELS_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Functions of one number. `parameter` is the slope of NK_LEAKY_RELU below zero and the alpha of
/// NK_ELU; the others ignore it.
enum {
  NK_IDENTITY = 0,
  NK_RELU = 1,
  NK_LEAKY_RELU = 2,
  NK_ELU = 3,
  NK_SELU = 4,
  NK_GELU = 5,
  NK_GELU_TANH = 6,
  NK_SILU = 7,
  NK_SIGMOID = 8,
  NK_TANH = 9,
  NK_SOFTPLUS = 10,
  NK_SOFTSIGN = 11,
  NK_HARD_SIGMOID = 12,
  NK_HARD_SWISH = 13,
  NK_MISH = 14,
  NK_RELU6 = 15,
  NK_EXP = 16,
  NK_LOG = 17,
  NK_SQUARE = 18,
  NK_SQUARE_ROOT = 19,
  NK_RECIPROCAL = 20,
  NK_NEGATE = 21,
  NK_ABSOLUTE_VALUE = 22,
};

/// Adds a bias to every row of a tile and applies a function, in place and in one pass.
///
/// Row r is the `columns` elements from `y + r * row_stride`. `bias` has `columns` elements or is
/// NULL. An unknown function acts as NK_IDENTITY.
void nk_bias_activate(float *y, ptrdiff_t row_stride, size_t rows, size_t columns,
                      const float *bias, int32_t function, float parameter);

/// y[i] = function(x[i]). `y` may be `x`.
void nk_activate(size_t count, const float *x, float *y, int32_t function, float parameter);

/// dx[i] = dy[i] * function'(...), or += with `accumulate`. `dx` may be `dy`.
///
/// `saved` is the function's input for NK_GELU, NK_GELU_TANH, NK_SILU, NK_HARD_SWISH, NK_MISH,
/// NK_LOG, NK_SQUARE and NK_ABSOLUTE_VALUE, else its output.
void nk_activate_backward(size_t count, const float *saved, const float *dy, float *dx,
                          int32_t function, float parameter, bool accumulate);

#endif
