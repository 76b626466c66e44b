// Steps of optimizers: every array is read and written once.

#include "vector_math.h"

NK_INLINE void NK_NAME(nk_sgd_vector)(nk_vf *p, nk_vf g, nk_vf *v, float learning_rate,
                                      float momentum, bool nesterov, float weight_decay,
                                      float gradient_scale) {
  g = g * gradient_scale + *p * weight_decay;
  if (v) {
    *v = *v * momentum + g;
    g = nesterov ? g + *v * momentum : *v;
  }
  *p -= g * learning_rate;
}

NK_INLINE void NK_NAME(nk_sgd_all)(size_t count, float *parameters, const float *gradients,
                                   float *velocity, float learning_rate, float momentum,
                                   bool nesterov, float weight_decay, float gradient_scale) {
  nk_vf p, v;
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    p = nk_load(parameters + i);
    if (velocity) v = nk_load(velocity + i);
    NK_NAME(nk_sgd_vector)
    (&p, nk_load(gradients + i), velocity ? &v : NULL, learning_rate, momentum, nesterov,
     weight_decay, gradient_scale);
    if (velocity) nk_store(velocity + i, v);
    nk_store(parameters + i, p);
  }
  if (i < count) {
    size_t rest = count - i;
    p = nk_load_part(parameters + i, rest);
    if (velocity) v = nk_load_part(velocity + i, rest);
    NK_NAME(nk_sgd_vector)
    (&p, nk_load_part(gradients + i, rest), velocity ? &v : NULL, learning_rate, momentum,
     nesterov, weight_decay, gradient_scale);
    if (velocity) nk_store_part(velocity + i, v, rest);
    nk_store_part(parameters + i, p, rest);
  }
}

static void NK_NAME(nk_sgd)(size_t count, float *parameters, const float *gradients,
                            float *velocity, float learning_rate, float momentum, bool nesterov,
                            float weight_decay, float gradient_scale) {
  if (!velocity)
    NK_NAME(nk_sgd_all)
    (count, parameters, gradients, NULL, learning_rate, momentum, false, weight_decay,
     gradient_scale);
  else if (nesterov)
    NK_NAME(nk_sgd_all)
    (count, parameters, gradients, velocity, learning_rate, momentum, true, weight_decay,
     gradient_scale);
  else
    NK_NAME(nk_sgd_all)
    (count, parameters, gradients, velocity, learning_rate, momentum, false, weight_decay,
     gradient_scale);
}

NK_INLINE void NK_NAME(nk_adam_vector)(nk_vf *p, nk_vf g, nk_vf *m, nk_vf *v, nk_vf *largest,
                                       const nk_adam_step s) {
  g = g * s.gradient_scale + *p * s.penalty;
  *m = *m + (g - *m) * s.beta1_complement;
  *v = *v * s.beta2 + g * g * s.beta2_complement;
  nk_vf second = *v;
  if (largest) second = *largest = nk_maximum(*largest, *v);
  nk_vf denominator = nk_sqrt(second) * s.root_factor + s.epsilon;
  *p = *p * s.shrinkage - *m / denominator * s.step_size;
}

NK_INLINE void NK_NAME(nk_adam_all)(size_t count, float *parameters, const float *gradients,
                                    float *first, float *second, float *max_second,
                                    const nk_adam_step s) {
  nk_vf p, m, v, largest;
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    p = nk_load(parameters + i);
    m = nk_load(first + i);
    v = nk_load(second + i);
    if (max_second) largest = nk_load(max_second + i);
    NK_NAME(nk_adam_vector)
    (&p, nk_load(gradients + i), &m, &v, max_second ? &largest : NULL, s);
    if (max_second) nk_store(max_second + i, largest);
    nk_store(parameters + i, p);
    nk_store(first + i, m);
    nk_store(second + i, v);
  }
  if (i < count) {
    size_t rest = count - i;
    p = nk_load_part(parameters + i, rest);
    m = nk_load_part(first + i, rest);
    v = nk_load_part(second + i, rest);
    if (max_second) largest = nk_load_part(max_second + i, rest);
    NK_NAME(nk_adam_vector)
    (&p, nk_load_part(gradients + i, rest), &m, &v, max_second ? &largest : NULL, s);
    if (max_second) nk_store_part(max_second + i, largest, rest);
    nk_store_part(parameters + i, p, rest);
    nk_store_part(first + i, m, rest);
    nk_store_part(second + i, v, rest);
  }
}

static void NK_NAME(nk_adam)(size_t count, float *parameters, const float *gradients,
                             float *first, float *second, float *max_second,
                             const nk_adam_step *step) {
  if (max_second)
    NK_NAME(nk_adam_all)(count, parameters, gradients, first, second, max_second, *step);
  else
    NK_NAME(nk_adam_all)(count, parameters, gradients, first, second, NULL, *step);
}
