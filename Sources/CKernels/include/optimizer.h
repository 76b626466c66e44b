#ifndef NEEDLETAIL_CKERNELS_OPTIMIZER_H
#define NEEDLETAIL_CKERNELS_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>

/// One step of stochastic gradient descent, in one pass.
///
/// g = gradient * gradient_scale + weight_decay * p; with a velocity v: v = momentum v + g, and
/// g = v, or g + momentum v with `nesterov`; p -= learning_rate g. `velocity` may be NULL: none.
void nk_sgd(size_t count, float *parameters, const float *gradients, float *velocity,
            float learning_rate, float momentum, bool nesterov, float weight_decay,
            float gradient_scale);

/// What one step of Adam needs beside arrays: the caller knows the step, and so the corrections.
typedef struct {
  float gradient_scale;
  /// Added to the gradient, times the parameter: the L2 penalty.
  float penalty;
  /// Multiplies the parameter: 1 without decoupled weight decay.
  float shrinkage;
  float beta1_complement;  // 1 - beta1
  float beta2;
  float beta2_complement;  // 1 - beta2
  /// learning rate / (1 - beta1^step).
  float step_size;
  /// 1 / sqrt(1 - beta2^step).
  float root_factor;
  float epsilon;
} nk_adam_step;

/// One step of Adam in one pass (Kingma and Ba, 2015).
///
/// With `max_second` (else NULL) its AMSGrad form: the largest second moment so far divides.
void nk_adam(size_t count, float *parameters, const float *gradients, float *first, float *second,
             float *max_second, const nk_adam_step *step);

#endif
