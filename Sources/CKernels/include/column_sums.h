#ifndef NEEDLETAIL_CKERNELS_COLUMN_SUMS_H
#define NEEDLETAIL_CKERNELS_COLUMN_SUMS_H

#include <stdbool.h>
#include <stddef.h>

/// y[c] = (accumulate ? y[c] : 0) + Σ over rows of x[row·row_stride + c].
///
/// Rows are summed in blocks of 256, and the blocks one after the other.
void nk_column_sums(const float *x, ptrdiff_t row_stride, size_t rows, size_t columns,
                    bool accumulate, float *y);

/// y[i] = (accumulate ? y[i] : 0) + Σ over parts of partials[part·part_stride + i].
///
/// The sum is a binary tree over the parts' numbers: neighbours first, whatever their count. The
/// partials are overwritten; y may be the first of them, unless it accumulates.
void nk_tree_sum(float *partials, ptrdiff_t part_stride, size_t parts, size_t count,
                 bool accumulate, float *y);

#endif
