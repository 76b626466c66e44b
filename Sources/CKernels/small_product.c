#include "include/small_product.h"

#define NK_FAMILY "small_product.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_small_product,
            (size_t m, size_t n, size_t k, float alpha, const float *a, ptrdiff_t a_row,
             ptrdiff_t a_column, const float *b, ptrdiff_t b_row, ptrdiff_t b_column, float beta,
             float *c, ptrdiff_t c_row),
            (m, n, k, alpha, a, a_row, a_column, b, b_row, b_column, beta, c, c_row))
