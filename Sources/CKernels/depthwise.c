#include "include/depthwise.h"

#define NK_FAMILY "depthwise.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_depthwise_forward,
            (const nk_window *window, const float *x, const float *weights, size_t first_row,
             size_t rows, float *y),
            (window, x, weights, first_row, rows, y))

NK_DISPATCH(void, nk_depthwise_backward_data,
            (const nk_window *window, const float *dz, const float *weights, size_t first_row,
             size_t rows, bool accumulate, float *dx),
            (window, dz, weights, first_row, rows, accumulate, dx))

NK_DISPATCH(void, nk_depthwise_backward_weights,
            (const nk_window *window, const float *x, const float *dz, size_t first_row,
             size_t rows, float *dweights),
            (window, x, dz, first_row, rows, dweights))
