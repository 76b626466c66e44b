#ifndef NEEDLETAIL_CKERNELS_SMALL_PRODUCT_H
#define NEEDLETAIL_CKERNELS_SMALL_PRODUCT_H

#include <stddef.h>

/// c = alpha · a · b + beta · c for matrices that fit the caches; a is m × k, b is k × n, c is m × n.
///
/// Element (i, p) of `a` is a[i · a_row + p · a_column], and so for `b`: so either may be transposed.
/// `c` has rows of n elements, `c_row` apart. With a beta of zero c is written without being read.
/// Takes no memory from the heap.
void nk_small_product(size_t m, size_t n, size_t k, float alpha, const float *a, ptrdiff_t a_row,
                      ptrdiff_t a_column, const float *b, ptrdiff_t b_row, ptrdiff_t b_column,
                      float beta, float *c, ptrdiff_t c_row);

#endif
