#ifndef NEEDLETAIL_CKERNELS_COPYING_H
#define NEEDLETAIL_CKERNELS_COPYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NK_COPY_RANK = 8 };

/// Where the elements of two arrays that correspond lie. Strides count elements.
typedef struct {
  int32_t rank;  // At least 1.
  ptrdiff_t extent[NK_COPY_RANK];
  ptrdiff_t source[NK_COPY_RANK];
  ptrdiff_t target[NK_COPY_RANK];
} nk_strided;

/// target = source, or += with `accumulate`, for a part: rows `first_row ..< last_row` of all rows
/// (a row is what runs along the last dimension), and of each the columns
/// `first_column ..< last_column`.
///
/// Fast where the last dimension has stride 1 in both, or the last two have stride 1 in one array
/// each (a transposition).
void nk_copy_strided(const nk_strided *geometry, size_t first_row, size_t last_row,
                     size_t first_column, size_t last_column, const float *source,
                     float *target, bool accumulate);

/// y[i] = row indices[i] of the table; NaN where the index is outside 0 ..< table_rows.
void nk_gather_rows(size_t count, size_t columns, const float *table, size_t table_rows,
                    const int32_t *indices, float *y);

/// Adds columns `first ..< last` of dy[i] to those of row indices[i] of the gradient of the table,
/// in the order of i. Indices outside 0 ..< table_rows are left out.
void nk_scatter_add_rows(size_t count, size_t columns, size_t first, size_t last, const float *dy,
                         const int32_t *indices, size_t table_rows, float *gradient);

#endif
