#include "include/sparse_product.h"

#define NK_FAMILY "sparse_product.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_nonzero_masks,
            (size_t rows, const float *a, ptrdiff_t a_row, size_t depth, uint64_t *masks),
            (rows, a, a_row, depth, masks))

NK_DISPATCH(void, nk_sparse_product,
            (size_t rows, const float *a, ptrdiff_t a_row, size_t depth, const uint64_t *masks,
             const float *packed, size_t blocks, float *c, ptrdiff_t c_row,
             const nk_tile_finish *finish),
            (rows, a, a_row, depth, masks, packed, blocks, c, c_row, finish))

NK_DISPATCH(void, nk_sparse_product_transposed,
            (size_t rows, const float *a, ptrdiff_t a_row, size_t depth, const uint64_t *masks,
             const float *packed, size_t blocks, float *c, ptrdiff_t c_row, bool accumulate),
            (rows, a, a_row, depth, masks, packed, blocks, c, c_row, accumulate))
