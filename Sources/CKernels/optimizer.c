#include "include/optimizer.h"

#define NK_FAMILY "optimizer.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_sgd,
            (size_t count, float *parameters, const float *gradients, float *velocity,
             float learning_rate, float momentum, bool nesterov, float weight_decay,
             float gradient_scale),
            (count, parameters, gradients, velocity, learning_rate, momentum, nesterov,
             weight_decay, gradient_scale))

NK_DISPATCH(void, nk_adam,
            (size_t count, float *parameters, const float *gradients, float *first, float *second,
             float *max_second, const nk_adam_step *step),
            (count, parameters, gradients, first, second, max_second, step))
