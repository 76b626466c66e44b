#include "include/reduction.h"

#define NK_FAMILY "reduction.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(float, nk_sum, (size_t count, const float *x), (count, x))

NK_DISPATCH(float, nk_sum_of_squares, (size_t count, const float *x), (count, x))

NK_DISPATCH(float, nk_maximum_absolute, (size_t count, const float *x), (count, x))

NK_DISPATCH(size_t, nk_count_nonfinite, (size_t count, const float *x), (count, x))

NK_DISPATCH(void, nk_row_argmax,
            (size_t rows, size_t columns, const float *x, int32_t *indices),
            (rows, columns, x, indices))
