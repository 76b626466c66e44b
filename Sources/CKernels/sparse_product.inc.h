// Products of rows of which many elements are zero, as behind a relu: row by row, the elements that are
// not zero times their rows of b, a few vectors of columns at a time.
//
// A tile of several rows reads a row of b once for all of them; here each row of `a` reads those that it
// needs, so what is read must be in the first-level cache: as many rows of b as a mask has bits stay
// there while the rows of `a` pass by, whose sums wait in memory.

#include "panels.h"

// Vectors of columns at a time: enough sums that one need not wait for another.
#undef NK_GROUP_VECTORS
#define NK_GROUP_VECTORS 8

NK_INLINE uint64_t NK_NAME(nk_nonzero_mask)(const float *a, size_t count) {
  uint64_t mask = 0;
#if NK_WIDTH == 16
  for (size_t i = 0; i < count; i += NK_WIDTH) {
    __m512 v = (__m512)nk_load_up_to(a + i, count - i);
    mask |= (uint64_t)_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ) << i;
  }
#elif NK_WIDTH == 8
  for (size_t i = 0; i < count; i += NK_WIDTH) {
    __m256 v = (__m256)nk_load_up_to(a + i, count - i);
    __m256 nonzero = _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ);
    mask |= (uint64_t)(unsigned)_mm256_movemask_ps(nonzero) << i;
  }
#else
  for (size_t i = 0; i < count; i++) mask |= (uint64_t)(a[i] != 0) << i;
#endif
  return mask;
}

static void NK_NAME(nk_nonzero_masks)(size_t rows, const float *a, ptrdiff_t a_row, size_t depth,
                                      uint64_t *masks) {
  for (size_t r = 0; r < rows; r++, a += a_row) {
    for (size_t k = 0; k < depth; k += NK_MASK_BITS) {
      size_t count = depth - k < NK_MASK_BITS ? depth - k : NK_MASK_BITS;
      *masks++ = NK_NAME(nk_nonzero_mask)(a + k, count);
    }
  }
}

// sums += the terms of `a` that the mask names, times their rows of `vectors` vectors of b, whose panels
// are panel_step floats apart.
NK_INLINE void NK_NAME(nk_add_masked)(const int vectors, const float *a, uint64_t mask,
                                      const float *b, size_t panel_step, float *sums) {
  nk_vf sum[NK_GROUP_VECTORS];
  NK_UNROLL for (int n = 0; n < vectors; n++) sum[n] = nk_load(sums + n * NK_WIDTH);
  while (mask) {
    size_t k = (size_t)__builtin_ctzll(mask);
    mask &= mask - 1;
    nk_vf x = nk_set1(a[k]);
    const float *row = b + k * NK_PANEL_VECTORS * NK_WIDTH;
    NK_UNROLL for (int n = 0; n < vectors; n++) {
      const float *panel = row + (size_t)(n / NK_PANEL_VECTORS) * panel_step;
      sum[n] += x * nk_load(panel + n % NK_PANEL_VECTORS * NK_WIDTH);
    }
    NK_UNROLL for (int n = 0; n < vectors; n++) NK_KEEP_ORDER(sum[n]);
  }
  NK_UNROLL for (int n = 0; n < vectors; n++) nk_store(sums + n * NK_WIDTH, sum[n]);
}

NK_INLINE void NK_NAME(nk_finish_row)(const int vectors, const float *sums, float *c,
                                      const float *bias, const float *addend, bool relu) {
  NK_UNROLL for (int n = 0; n < vectors; n++) {
    nk_vf value = nk_load(sums + n * NK_WIDTH);
    if (addend) value += nk_load(addend + n * NK_WIDTH);
    if (bias) value += nk_load(bias + n * NK_WIDTH);
    if (relu) value = nk_positive(value);
    nk_store(c + n * NK_WIDTH, value);
  }
}

NK_INLINE void NK_NAME(nk_sparse_group)(const int vectors, size_t rows, const float *a,
                                        ptrdiff_t a_row, size_t depth, const uint64_t *masks,
                                        const float *packed, float *c, ptrdiff_t c_row,
                                        const float *bias, const float *addend, bool relu) {
  const size_t mask_count = (depth + NK_MASK_BITS - 1) / NK_MASK_BITS;
  const size_t columns = (size_t)vectors * NK_WIDTH;
  float sums[NK_SPARSE_ROWS * NK_GROUP_VECTORS * NK_WIDTH] __attribute__((aligned(64)));
  memset(sums, 0, rows * columns * sizeof(float));
  for (size_t i = 0; i < mask_count; i++) {
    size_t k = i * NK_MASK_BITS;
    for (size_t r = 0; r < rows; r++) {
      if (i + 1 == mask_count) {
        NK_UNROLL for (int n = 0; n < vectors; n++)
            __builtin_prefetch(c + (ptrdiff_t)r * c_row + n * NK_WIDTH, 1, 2);
      }
      NK_NAME(nk_add_masked)
      (vectors, a + (ptrdiff_t)r * a_row + k, masks[r * mask_count + i],
       packed + k * NK_PANEL_VECTORS * NK_WIDTH, depth * NK_PANEL_VECTORS * NK_WIDTH,
       sums + r * columns);
    }
  }
  for (size_t r = 0; r < rows; r++) {
    NK_NAME(nk_finish_row)
    (vectors, sums + r * columns, c + (ptrdiff_t)r * c_row, bias,
     addend ? addend + (ptrdiff_t)r * c_row : NULL, relu);
  }
}

static void NK_NAME(nk_sparse_product)(size_t rows, const float *a, ptrdiff_t a_row, size_t depth,
                                       const uint64_t *masks, const float *packed, size_t blocks,
                                       float *c, ptrdiff_t c_row, const nk_tile_finish *finish) {
  const size_t columns = blocks * NK_SPARSE_COLUMNS, group = NK_GROUP_VECTORS * NK_WIDTH;
  for (size_t column = 0; column < columns; column += group) {
    const float *b = packed + depth * column;
    const float *bias = finish->bias ? finish->bias + column : NULL;
    const float *addend = finish->addend ? finish->addend + column : NULL;
#if NK_WIDTH * NK_GROUP_VECTORS > NK_SPARSE_COLUMNS
    if (columns - column < group) {
      NK_NAME(nk_sparse_group)
      (NK_SPARSE_COLUMNS / NK_WIDTH, rows, a, a_row, depth, masks, b, c + column, c_row, bias,
       addend, finish->relu);
      continue;
    }
#endif
    NK_NAME(nk_sparse_group)
    (NK_GROUP_VECTORS, rows, a, a_row, depth, masks, b, c + column, c_row, bias, addend,
     finish->relu);
  }
}
