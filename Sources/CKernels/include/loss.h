#ifndef NEEDLETAIL_CKERNELS_LOSS_H
#define NEEDLETAIL_CKERNELS_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Cross-entropy of the softmax of rows with one label a row.
///
/// The loss of a row with label y, smoothing s, weights w and C columns is
/// (1 - s) w[y] (-log p[y]) + s / C * sum over c of w[c] (-log p[c]). Gives the sum of the rows'
/// losses in `sums[0]` and the sum of w[y] in `sums[1]`, and the probabilities, which may take the
/// place of the logits. `class_weights` may be NULL: all 1. A label outside 0 ..< columns makes
/// the loss NaN; nothing is read by it.
void nk_cross_entropy(size_t rows, size_t columns, const float *logits, const int32_t *labels,
                      float smoothing, const float *class_weights, float *probabilities,
                      float *sums);

/// The gradient of `factor` times the sum of the rows' losses with respect to the logits, written
/// to `dx` or added with `accumulate`. `dx` may be `probabilities`. A row whose label is outside
/// 0 ..< columns gets zero.
void nk_cross_entropy_backward(size_t rows, size_t columns, const float *probabilities,
                               const int32_t *labels, float smoothing,
                               const float *class_weights, float factor, float *dx,
                               bool accumulate);

/// Cross-entropy of the softmax of rows with target distributions t: the sum over c of
/// w[c] ((1 - s) t[c] + s / C) (-log p[c]). Returns the sum of the rows' losses and gives the
/// probabilities.
float nk_cross_entropy_dense(size_t rows, size_t columns, const float *logits,
                             const float *targets, float smoothing, const float *class_weights,
                             float *probabilities);

/// The gradient of `factor` times the sum of the rows' losses with respect to the logits.
void nk_cross_entropy_dense_backward(size_t rows, size_t columns, const float *probabilities,
                                     const float *targets, float smoothing,
                                     const float *class_weights, float factor, float *dx,
                                     bool accumulate);

/// Losses of single elements.
enum {
  /// -(parameter t log p + (1 - t) log(1 - p)) with p = sigmoid(x).
  NK_BINARY_CROSS_ENTROPY = 0,
  /// (x - t)^2.
  NK_SQUARED_ERROR = 1,
  /// |x - t|.
  NK_ABSOLUTE_ERROR = 2,
  /// With d = |x - t|: d^2 / 2 up to d = parameter, then parameter (d - parameter / 2).
  NK_HUBER = 3,
};

/// The sum of the losses of elements.
float nk_element_loss(int32_t loss, float parameter, size_t count, const float *x,
                      const float *targets);

/// The gradient of `factor` times the sum of the losses with respect to `x`.
void nk_element_loss_backward(int32_t loss, float parameter, size_t count, const float *x,
                              const float *targets, float factor, float *dx, bool accumulate);

#endif
