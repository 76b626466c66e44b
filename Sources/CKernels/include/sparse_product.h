#ifndef NEEDLETAIL_CKERNELS_SPARSE_PRODUCT_H
#define NEEDLETAIL_CKERNELS_SPARSE_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tile.h"

/// Elements that one mask tells of, the most rows of one nk_sparse_product, and columns of its blocks.
#define NK_MASK_BITS 64
#define NK_SPARSE_ROWS 32
#define NK_SPARSE_COLUMNS 64

/// Which elements of rows are not zero: bit i mod 64 of mask i / 64 of a row, for each of its `depth`
/// elements; the bits behind them are zero. NaN is not zero.
///
/// Row r is at a + r · a_row; its masks follow those of the row before.
void nk_nonzero_masks(size_t rows, const float *a, ptrdiff_t a_row, size_t depth,
                      uint64_t *masks);

/// c = a · b as nk_tile_product computes it, without the terms whose factor in `a` is zero.
///
/// A sum adds its terms in the same order, so it has the same bits, but for the sign of a zero, as
/// long as b is finite. At least one term, at most NK_SPARSE_ROWS rows; b is `blocks` blocks of
/// NK_SPARSE_COLUMNS columns, packed one after the other.
void nk_sparse_product(size_t rows, const float *a, ptrdiff_t a_row, size_t depth,
                       const uint64_t *masks, const float *packed, size_t blocks, float *c,
                       ptrdiff_t c_row, const nk_tile_finish *finish);

/// The same, c = (a · b)ᵀ, or += with `accumulate`: the sum of row r and column j is at
/// c + j · c_row + r.
void nk_sparse_product_transposed(size_t rows, const float *a, ptrdiff_t a_row, size_t depth,
                                  const uint64_t *masks, const float *packed, size_t blocks,
                                  float *c, ptrdiff_t c_row, bool accumulate);

#endif
