#include "include/copying.h"

#define NK_FAMILY "copying.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_copy_strided,
            (const nk_strided *geometry, size_t first_row, size_t last_row, size_t first_column,
             size_t last_column, const float *source, float *target, bool accumulate),
            (geometry, first_row, last_row, first_column, last_column, source, target,
             accumulate))

NK_DISPATCH(void, nk_gather_rows,
            (size_t count, size_t columns, const float *table, size_t table_rows,
             const int32_t *indices, float *y),
            (count, columns, table, table_rows, indices, y))

NK_DISPATCH(void, nk_scatter_add_rows,
            (size_t count, size_t columns, size_t first, size_t last, const float *dy,
             const int32_t *indices, size_t table_rows, float *gradient),
            (count, columns, first, last, dy, indices, table_rows, gradient))
