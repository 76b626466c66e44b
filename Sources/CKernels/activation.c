#include "include/activation.h"

#define NK_FAMILY "activation.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_bias_activate,
            (float *y, ptrdiff_t row_stride, size_t rows, size_t columns, const float *bias,
             int32_t function, float parameter),
            (y, row_stride, rows, columns, bias, function, parameter))

NK_DISPATCH(void, nk_activate,
            (size_t count, const float *x, float *y, int32_t function, float parameter),
            (count, x, y, function, parameter))

NK_DISPATCH(void, nk_activate_backward,
            (size_t count, const float *saved, const float *dy, float *dx, int32_t function,
             float parameter, bool accumulate),
            (count, saved, dy, dx, function, parameter, accumulate))
