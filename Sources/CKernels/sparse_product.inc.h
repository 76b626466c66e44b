// Products of rows of which many elements are zero, as behind a relu: row by row, the elements that are
// not zero times their rows of b, a few vectors of columns at a time.
//
// A tile of several rows reads a row of b once for all of them; here each row of `a` reads those that it
// needs. So as many rows of b as a mask has bits are read again and again, by some rows of `a`, whose
// sums wait in memory meanwhile: little enough for the first two levels of cache.

#include "panels.h"

// Vectors of columns at a time: enough sums that one need not wait for another.
#undef NK_GROUP_VECTORS
#define NK_GROUP_VECTORS 8

_Static_assert(NK_SPARSE_COLUMNS % (NK_PANEL_VECTORS * NK_WIDTH) == 0, "Blocks are whole panels.");

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

// What a row of sums becomes, as nk_tile_finish has it, from some column on.
typedef struct {
  float *c;
  const float *bias;
  const float *addend;
  bool relu;
} NK_NAME(nk_row_finish);

NK_INLINE void NK_NAME(nk_finish_row)(const int vectors, const nk_vf sum[],
                                      const NK_NAME(nk_row_finish) * row) {
  NK_UNROLL for (int n = 0; n < vectors; n++) {
    nk_vf addend = {0}, bias = {0};
    if (row->addend) addend = nk_load(row->addend + n * NK_WIDTH);
    if (row->bias) bias = nk_load(row->bias + n * NK_WIDTH);
    nk_store(row->c + n * NK_WIDTH,
             NK_NAME(nk_finished)(sum[n], row->addend ? &addend : NULL, row->bias ? &bias : NULL,
                                  row->relu));
  }
}

// The terms of `a` that the mask names, times their rows of `vectors` vectors of b, whose panels are
// panel_step floats apart: added to `sums`, unless they are the first, and kept there, unless they are
// the last, which finish the row.
NK_INLINE void NK_NAME(nk_add_masked)(const int vectors, const bool is_first, const bool is_last,
                                      const float *a, uint64_t mask, const float *b,
                                      size_t panel_step, float *sums,
                                      const NK_NAME(nk_row_finish) * row) {
  nk_vf sum[NK_GROUP_VECTORS];
  NK_UNROLL for (int n = 0; n < vectors; n++) sum[n] =
      is_first ? (nk_vf){0} : nk_load(sums + n * NK_WIDTH);
  while (mask) {
    size_t k = (size_t)__builtin_ctzll(mask);
    mask &= mask - 1;
    nk_vf x = nk_set1(a[k]);
    const float *terms = b + k * NK_PANEL_VECTORS * NK_WIDTH;
    NK_UNROLL for (int n = 0; n < vectors; n++) {
      const float *panel = terms + (size_t)(n / NK_PANEL_VECTORS) * panel_step;
      sum[n] += x * nk_load(panel + n % NK_PANEL_VECTORS * NK_WIDTH);
    }
    NK_UNROLL for (int n = 0; n < vectors; n++) NK_KEEP_ORDER(sum[n]);
  }
  if (is_last) {
    NK_NAME(nk_finish_row)(vectors, sum, row);
  } else {
    NK_UNROLL for (int n = 0; n < vectors; n++) nk_store(sums + n * NK_WIDTH, sum[n]);
  }
}

// Rows, their masks, and what they are multiplied by.
typedef struct {
  const float *a;
  ptrdiff_t a_row;
  size_t mask_count;
  const uint64_t *masks;
  const float *packed;
  size_t panel_step;
} NK_NAME(nk_masked_rows);

// One mask of one row, whose sums so far are sums[row]; with `finish` it is the row's last.
NK_INLINE void NK_NAME(nk_add_mask)(const int vectors, const NK_NAME(nk_masked_rows) * rows,
                                    size_t row, size_t i, float *sums,
                                    const NK_NAME(nk_row_finish) * finish) {
  const float *a = rows->a + (ptrdiff_t)row * rows->a_row + i * NK_MASK_BITS;
  const float *b = rows->packed + i * NK_MASK_BITS * NK_PANEL_VECTORS * NK_WIDTH;
  uint64_t mask = rows->masks[row * rows->mask_count + i];
  size_t step = rows->panel_step;
  sums += row * (size_t)vectors * NK_WIDTH;
  if (finish && i == 0)
    NK_NAME(nk_add_masked)(vectors, true, true, a, mask, b, step, sums, finish);
  else if (finish)
    NK_NAME(nk_add_masked)(vectors, false, true, a, mask, b, step, sums, finish);
  else if (i == 0)
    NK_NAME(nk_add_masked)(vectors, true, false, a, mask, b, step, sums, NULL);
  else
    NK_NAME(nk_add_masked)(vectors, false, false, a, mask, b, step, sums, NULL);
}

// Stores rows of sums as columns of c, or adds them to what is there.
NK_INLINE void NK_NAME(nk_store_transposed)(const int vectors, size_t row_count,
                                            const float *sums, float *c, ptrdiff_t c_row,
                                            bool accumulate) {
  const size_t columns = (size_t)vectors * NK_WIDTH;
  for (size_t row = 0; row < row_count; row += NK_WIDTH) {
    size_t rest = row_count - row;
    for (size_t column = 0; column < columns; column += NK_WIDTH) {
      nk_vf v[NK_WIDTH];
      NK_UNROLL for (size_t i = 0; i < NK_WIDTH; i++) v[i] =
          i < rest ? nk_load(sums + (row + i) * columns + column) : (nk_vf){0};
      NK_NAME(nk_transpose)(v);
      NK_UNROLL for (size_t i = 0; i < NK_WIDTH; i++) {
        float *out = c + (ptrdiff_t)(column + i) * c_row + row;
        if (accumulate) v[i] += nk_load_up_to(out, rest);
        nk_store_up_to(out, v[i], rest);
      }
    }
  }
}

NK_INLINE void NK_NAME(nk_sparse_group)(const int vectors, size_t row_count,
                                        const NK_NAME(nk_masked_rows) * rows, ptrdiff_t c_row,
                                        const NK_NAME(nk_row_finish) * finish) {
  float sums[NK_SPARSE_ROWS * NK_GROUP_VECTORS * NK_WIDTH] __attribute__((aligned(64)));
  const size_t last = rows->mask_count - 1;
  for (size_t i = 0; i < last; i++)
    for (size_t r = 0; r < row_count; r++) NK_NAME(nk_add_mask)(vectors, rows, r, i, sums, NULL);
  for (size_t r = 0; r < row_count; r++) {
    ptrdiff_t skipped = (ptrdiff_t)r * c_row;
    NK_NAME(nk_row_finish) row = *finish;
    row.c += skipped;
    if (row.addend) row.addend += skipped;
    // What is written comes while it is summed.
    NK_UNROLL for (int n = 0; n < vectors; n++) __builtin_prefetch(row.c + n * NK_WIDTH, 1, 2);
    NK_NAME(nk_add_mask)(vectors, rows, r, last, sums, &row);
  }
}

NK_INLINE void NK_NAME(nk_sparse_transposed_group)(const int vectors, size_t row_count,
                                                   const NK_NAME(nk_masked_rows) * rows,
                                                   float *c, ptrdiff_t c_row, bool accumulate) {
  float sums[NK_SPARSE_ROWS * NK_GROUP_VECTORS * NK_WIDTH] __attribute__((aligned(64)));
  for (size_t i = 0; i < rows->mask_count; i++)
    for (size_t r = 0; r < row_count; r++) NK_NAME(nk_add_mask)(vectors, rows, r, i, sums, NULL);
  NK_NAME(nk_store_transposed)(vectors, row_count, sums, c, c_row, accumulate);
}

NK_INLINE NK_NAME(nk_masked_rows)
    NK_NAME(nk_masked_rows_of)(const float *a, ptrdiff_t a_row, size_t depth,
                               const uint64_t *masks, const float *packed) {
  return (NK_NAME(nk_masked_rows)){
      a, a_row, (depth + NK_MASK_BITS - 1) / NK_MASK_BITS, masks, packed,
      depth * NK_PANEL_VECTORS * NK_WIDTH};
}

static void NK_NAME(nk_sparse_product)(size_t row_count, const float *a, ptrdiff_t a_row,
                                       size_t depth, const uint64_t *masks, const float *packed,
                                       size_t blocks, float *c, ptrdiff_t c_row,
                                       const nk_tile_finish *finish) {
  const size_t columns = blocks * NK_SPARSE_COLUMNS;
  for (size_t column = 0; column < columns; column += NK_GROUP_VECTORS * NK_WIDTH) {
    const NK_NAME(nk_masked_rows) rows =
        NK_NAME(nk_masked_rows_of)(a, a_row, depth, masks, packed + depth * column);
    const NK_NAME(nk_row_finish) row = {
      c + column, finish->bias ? finish->bias + column : NULL,
      finish->addend ? finish->addend + column : NULL, finish->relu
    };
#if NK_WIDTH * NK_GROUP_VECTORS > NK_SPARSE_COLUMNS
    // A block may be left, which is half a group.
    if (columns - column < NK_GROUP_VECTORS * NK_WIDTH) {
      NK_NAME(nk_sparse_group)(NK_SPARSE_COLUMNS / NK_WIDTH, row_count, &rows, c_row, &row);
      continue;
    }
#endif
    NK_NAME(nk_sparse_group)(NK_GROUP_VECTORS, row_count, &rows, c_row, &row);
  }
}

static void NK_NAME(nk_sparse_product_transposed)(size_t row_count, const float *a,
                                                  ptrdiff_t a_row, size_t depth,
                                                  const uint64_t *masks, const float *packed,
                                                  size_t blocks, float *c, ptrdiff_t c_row,
                                                  bool accumulate) {
  const size_t columns = blocks * NK_SPARSE_COLUMNS;
  for (size_t column = 0; column < columns; column += NK_GROUP_VECTORS * NK_WIDTH) {
    const NK_NAME(nk_masked_rows) rows =
        NK_NAME(nk_masked_rows_of)(a, a_row, depth, masks, packed + depth * column);
    float *out = c + (ptrdiff_t)column * c_row;
#if NK_WIDTH * NK_GROUP_VECTORS > NK_SPARSE_COLUMNS
    // A block may be left, which is half a group.
    if (columns - column < NK_GROUP_VECTORS * NK_WIDTH) {
      NK_NAME(nk_sparse_transposed_group)
      (NK_SPARSE_COLUMNS / NK_WIDTH, row_count, &rows, out, c_row, accumulate);
      continue;
    }
#endif
    NK_NAME(nk_sparse_transposed_group)
    (NK_GROUP_VECTORS, row_count, &rows, out, c_row, accumulate);
  }
}
