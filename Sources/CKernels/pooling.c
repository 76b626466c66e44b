#include "include/pooling.h"

#define NK_FAMILY "pooling.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_max_pool_forward,
            (const nk_window *window, const float *x, size_t first_row, size_t rows, float *y,
             uint8_t *indices),
            (window, x, first_row, rows, y, indices))

NK_DISPATCH(void, nk_mark_rectified, (size_t count, const float *y, uint8_t *indices),
            (count, y, indices))

NK_DISPATCH(void, nk_max_pool_backward,
            (const nk_window *window, const float *dy, const uint8_t *indices, size_t first_row,
             size_t rows, bool accumulate, float *dx),
            (window, dy, indices, first_row, rows, accumulate, dx))

NK_DISPATCH(void, nk_average_pool_forward,
            (const nk_window *window, const float *x, size_t first_row, size_t rows, float *y),
            (window, x, first_row, rows, y))

NK_DISPATCH(void, nk_average_pool_backward,
            (const nk_window *window, const float *dy, size_t first_row, size_t rows,
             bool accumulate, float *dx),
            (window, dy, first_row, rows, accumulate, dx))

NK_DISPATCH(void, nk_column_maxima,
            (const float *x, size_t rows, size_t columns, float *y, int32_t *indices),
            (x, rows, columns, y, indices))

NK_DISPATCH(void, nk_divide, (float *y, size_t count, float divisor), (y, count, divisor))

NK_DISPATCH(void, nk_spread_row,
            (const float *dy, size_t rows, size_t columns, float divisor, bool accumulate,
             float *dx),
            (dy, rows, columns, divisor, accumulate, dx))

void nk_scatter_row(const float *dy, const int32_t *indices, size_t columns, float *dx) {
  for (size_t c = 0; c < columns; c++) dx[(size_t)indices[c] * columns + c] += dy[c];
}
