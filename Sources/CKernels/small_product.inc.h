// A product by register tiles: rows of `a` times a panel of `b` that is two vectors wide.
//
// The panel is packed into an array on the stack, a few hundred rows at a time, so that it stays in
// the first-level cache while all rows of `a` pass by. The terms of a sum are added in their order,
// in blocks of NK_PRODUCT_DEPTH.

#undef NK_TILE_ROWS
#if NK_WIDTH == 16
#define NK_TILE_ROWS 12
#elif NK_WIDTH == 8
#define NK_TILE_ROWS 6
#else
#define NK_TILE_ROWS 4
#endif

#ifndef NK_PRODUCT_DEPTH
#define NK_PRODUCT_DEPTH 128
#endif

// `rows` rows of the product of `a` with a packed panel, `depth` deep, into a tile of sums.
NK_INLINE void NK_NAME(nk_tile)(const int rows, size_t depth, const float *a, ptrdiff_t a_row,
                                ptrdiff_t a_column, const float *panel, float alpha, float *c,
                                ptrdiff_t c_row, size_t columns, float beta) {
  nk_vf sum[NK_TILE_ROWS][2];
  NK_UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (nk_vf){0};
  for (size_t p = 0; p < depth; p++) {
    nk_vf b0 = nk_load(panel), b1 = nk_load(panel + NK_WIDTH);
    panel += 2 * NK_WIDTH;
    NK_UNROLL for (int i = 0; i < rows; i++) {
      nk_vf x = nk_set1(a[i * a_row]);
      sum[i][0] += x * b0;
      sum[i][1] += x * b1;
    }
    a += a_column;
  }
  nk_vf factor = nk_set1(alpha), kept = nk_set1(beta);
  NK_UNROLL for (int i = 0; i < rows; i++) {
    float *out = c + i * c_row;
    NK_UNROLL for (int half = 0; half < 2; half++) {
      size_t first = (size_t)half * NK_WIDTH;
      if (first >= columns) break;
      nk_vf value = sum[i][half] * factor;
      if (columns - first >= NK_WIDTH) {
        if (beta != 0) value += kept * nk_load(out + first);
        nk_store(out + first, value);
      } else {
        size_t rest = columns - first;
        if (beta != 0) value += kept * nk_load_part(out + first, rest);
        nk_store_part(out + first, value, rest);
      }
    }
  }
}

// Rows first ..< first + depth of `b`, columns 0 ..< columns, zeros behind.
NK_INLINE void NK_NAME(nk_pack_panel)(const float *b, ptrdiff_t b_row, ptrdiff_t b_column,
                                      size_t depth, size_t columns, float *panel) {
  for (size_t p = 0; p < depth; p++, b += b_row, panel += 2 * NK_WIDTH) {
    if (b_column == 1 && columns == 2 * NK_WIDTH) {
      nk_store(panel, nk_load(b));
      nk_store(panel + NK_WIDTH, nk_load(b + NK_WIDTH));
    } else {
      for (size_t j = 0; j < 2 * NK_WIDTH; j++)
        panel[j] = j < columns ? b[(ptrdiff_t)j * b_column] : 0;
    }
  }
}

static void NK_NAME(nk_small_product)(size_t m, size_t n, size_t k, float alpha, const float *a,
                                      ptrdiff_t a_row, ptrdiff_t a_column, const float *b,
                                      ptrdiff_t b_row, ptrdiff_t b_column, float beta, float *c,
                                      ptrdiff_t c_row) {
  float panel[NK_PRODUCT_DEPTH * 2 * NK_WIDTH] __attribute__((aligned(64)));
  for (size_t j = 0; j < n; j += 2 * NK_WIDTH) {
    size_t columns = n - j < 2 * NK_WIDTH ? n - j : 2 * NK_WIDTH;
    size_t p = 0;
    do {
      size_t depth = k - p < NK_PRODUCT_DEPTH ? k - p : NK_PRODUCT_DEPTH;
      NK_NAME(nk_pack_panel)
      (b + (ptrdiff_t)p * b_row + (ptrdiff_t)j * b_column, b_row, b_column, depth, columns, panel);
      float kept = p == 0 ? beta : 1;
      const float *rows = a + (ptrdiff_t)p * a_column;
      float *out = c + j;
      size_t i = 0;
      for (; i + NK_TILE_ROWS <= m; i += NK_TILE_ROWS) {
        NK_NAME(nk_tile)
        (NK_TILE_ROWS, depth, rows, a_row, a_column, panel, alpha, out, c_row, columns, kept);
        rows += NK_TILE_ROWS * a_row;
        out += NK_TILE_ROWS * c_row;
      }
#define NK_TILE_CASE(count)                                                                   \
  case count:                                                                                 \
    NK_NAME(nk_tile)                                                                          \
    (count, depth, rows, a_row, a_column, panel, alpha, out, c_row, columns, kept);           \
    break;
      switch (m - i) {
        NK_TILE_CASE(1)
        NK_TILE_CASE(2)
        NK_TILE_CASE(3)
#if NK_TILE_ROWS > 4
        NK_TILE_CASE(4)
        NK_TILE_CASE(5)
#endif
#if NK_TILE_ROWS > 6
        NK_TILE_CASE(6)
        NK_TILE_CASE(7)
        NK_TILE_CASE(8)
        NK_TILE_CASE(9)
        NK_TILE_CASE(10)
        NK_TILE_CASE(11)
#endif
        default:
          break;
      }
#undef NK_TILE_CASE
      p += depth;
    } while (p < k);
  }
}
