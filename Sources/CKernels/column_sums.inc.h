// Sums over rows and over partial results. See include/column_sums.h.

NK_INLINE void NK_NAME(sum_block)(const float *x, ptrdiff_t row_stride, size_t rows, int vectors,
                                  float *y) {
  nk_vf sums[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) sums[v] = nk_set1(0);
  for (size_t row = 0; row < rows; row++, x += row_stride) {
    NK_UNROLL for (int v = 0; v < vectors; v++) sums[v] += nk_load(x + v * NK_WIDTH);
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    nk_store(y + v * NK_WIDTH, nk_load(y + v * NK_WIDTH) + sums[v]);
  }
}

static void NK_NAME(nk_column_sums)(const float *x, ptrdiff_t row_stride, size_t rows,
                                    size_t columns, bool accumulate, float *y) {
  if (!accumulate) memset(y, 0, columns * sizeof(float));
  for (size_t first = 0; first < rows; first += 256) {
    const size_t count = rows - first < 256 ? rows - first : 256;
    const float *block = x + (ptrdiff_t)first * row_stride;
    size_t c = 0;
    for (; c + 4 * NK_WIDTH <= columns; c += 4 * NK_WIDTH) {
      NK_NAME(sum_block)(block + c, row_stride, count, 4, y + c);
    }
    for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
      NK_NAME(sum_block)(block + c, row_stride, count, 1, y + c);
    }
    for (; c < columns; c++) {
      // Four sums, so that one addition need not wait for the last.
      float sums[4] = {0, 0, 0, 0};
      size_t row = 0;
      for (; row + 4 <= count; row += 4) {
        const float *p = block + (ptrdiff_t)row * row_stride + c;
        sums[0] += p[0];
        sums[1] += p[row_stride];
        sums[2] += p[2 * row_stride];
        sums[3] += p[3 * row_stride];
      }
      for (; row < count; row++) sums[0] += block[(ptrdiff_t)row * row_stride + c];
      y[c] += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }
}

NK_INLINE void NK_NAME(add_array)(float *y, const float *x, size_t count) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(y + i) + nk_load(x + i));
  for (; i < count; i++) y[i] += x[i];
}

static void NK_NAME(nk_tree_sum)(float *partials, ptrdiff_t part_stride, size_t parts,
                                 size_t count, bool accumulate, float *y) {
  // 512 elements of each of 16 parts fit the first-level cache.
  for (size_t first = 0; first < count; first += 512) {
    const size_t block = count - first < 512 ? count - first : 512;
    float *p = partials + first;
    for (size_t span = 1; span < parts; span *= 2) {
      for (size_t part = 0; part + span < parts; part += 2 * span) {
        NK_NAME(add_array)
        (p + (ptrdiff_t)part * part_stride, p + (ptrdiff_t)(part + span) * part_stride, block);
      }
    }
    if (accumulate) {
      NK_NAME(add_array)(y + first, p, block);
    } else if (y != partials) {
      memcpy(y + first, p, block * sizeof(float));
    }
  }
}
