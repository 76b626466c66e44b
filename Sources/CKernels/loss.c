#include "include/loss.h"

#define NK_FAMILY "loss.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_cross_entropy,
            (size_t rows, size_t columns, const float *logits, const int32_t *labels,
             float smoothing, const float *class_weights, float *probabilities, float *sums),
            (rows, columns, logits, labels, smoothing, class_weights, probabilities, sums))

NK_DISPATCH(void, nk_cross_entropy_backward,
            (size_t rows, size_t columns, const float *probabilities, const int32_t *labels,
             float smoothing, const float *class_weights, float factor, float *dx,
             bool accumulate),
            (rows, columns, probabilities, labels, smoothing, class_weights, factor, dx,
             accumulate))

NK_DISPATCH(float, nk_cross_entropy_dense,
            (size_t rows, size_t columns, const float *logits, const float *targets,
             float smoothing, const float *class_weights, float *probabilities),
            (rows, columns, logits, targets, smoothing, class_weights, probabilities))

NK_DISPATCH(void, nk_cross_entropy_dense_backward,
            (size_t rows, size_t columns, const float *probabilities, const float *targets,
             float smoothing, const float *class_weights, float factor, float *dx,
             bool accumulate),
            (rows, columns, probabilities, targets, smoothing, class_weights, factor, dx,
             accumulate))

NK_DISPATCH(float, nk_element_loss,
            (int32_t loss, float parameter, size_t count, const float *x, const float *targets),
            (loss, parameter, count, x, targets))

NK_DISPATCH(void, nk_element_loss_backward,
            (int32_t loss, float parameter, size_t count, const float *x, const float *targets,
             float factor, float *dx, bool accumulate),
            (loss, parameter, count, x, targets, factor, dx, accumulate))
