#include "include/column_sums.h"

#define NK_FAMILY "column_sums.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_column_sums,
            (const float *x, ptrdiff_t row_stride, size_t rows, size_t columns, bool accumulate,
             float *y),
            (x, row_stride, rows, columns, accumulate, y))

NK_DISPATCH(void, nk_tree_sum,
            (float *partials, ptrdiff_t part_stride, size_t parts, size_t count, bool accumulate,
             float *y),
            (partials, part_stride, parts, count, accumulate, y))
