#include "include/softmax.h"

#define NK_FAMILY "softmax.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_softmax,
            (size_t rows, size_t columns, const float *x, float *y, bool logarithm),
            (rows, columns, x, y, logarithm))

NK_DISPATCH(void, nk_softmax_backward,
            (size_t rows, size_t columns, const float *y, const float *dy, float *dx,
             bool logarithm, bool accumulate),
            (rows, columns, y, dy, dx, logarithm, accumulate))
