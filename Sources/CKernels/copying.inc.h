// Copies between arrays whose elements lie in different orders.

// One row without gaps. Short rows are not worth a call of memcpy.
NK_INLINE void NK_NAME(nk_copy_row)(size_t count, const float *source, float *target,
                                    bool accumulate) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_vf v = nk_load(source + i);
    nk_store(target + i, accumulate ? nk_load(target + i) + v : v);
  }
  for (; i < count; i++) target[i] = accumulate ? target[i] + source[i] : source[i];
}

// Transposes by tiles of 16 lines of cache on both sides: source element (r, c) is at
// r * source_row + c * source_column, and so in the target.
NK_INLINE void NK_NAME(nk_copy_tiles)(size_t rows, size_t columns, ptrdiff_t source_row,
                                      ptrdiff_t source_column, ptrdiff_t target_row,
                                      ptrdiff_t target_column, const float *source,
                                      float *target, bool accumulate) {
  enum { tile = 16 };
  for (size_t r0 = 0; r0 < rows; r0 += tile) {
    size_t r1 = rows - r0 < tile ? rows : r0 + tile;
    for (size_t c0 = 0; c0 < columns; c0 += tile) {
      size_t c1 = columns - c0 < tile ? columns : c0 + tile;
      for (size_t r = r0; r < r1; r++) {
        const float *s = source + (ptrdiff_t)r * source_row;
        float *t = target + (ptrdiff_t)r * target_row;
        for (size_t c = c0; c < c1; c++) {
          float v = s[(ptrdiff_t)c * source_column];
          float *p = t + (ptrdiff_t)c * target_column;
          *p = accumulate ? *p + v : v;
        }
      }
    }
  }
}

static void NK_NAME(nk_copy_strided)(const nk_strided *g, size_t first_row, size_t last_row,
                                     size_t first_column, size_t last_column,
                                     const float *source, float *target, bool accumulate) {
  int last = g->rank - 1;
  size_t columns = last_column - first_column;
  ptrdiff_t source_column = g->source[last], target_column = g->target[last];
  source += (ptrdiff_t)first_column * source_column;
  target += (ptrdiff_t)first_column * target_column;
  // The last two dimensions are a plane; a part may begin and end within one.
  size_t plane = last > 0 ? (size_t)g->extent[last - 1] : 1;
  ptrdiff_t source_row = last > 0 ? g->source[last - 1] : 0;
  ptrdiff_t target_row = last > 0 ? g->target[last - 1] : 0;
  while (first_row < last_row) {
    size_t row = first_row % plane, outer = first_row / plane;
    size_t rows = plane - row < last_row - first_row ? plane - row : last_row - first_row;
    ptrdiff_t s = (ptrdiff_t)row * source_row, t = (ptrdiff_t)row * target_row;
    for (int d = last - 2; d >= 0; d--) {
      ptrdiff_t index = (ptrdiff_t)(outer % (size_t)g->extent[d]);
      outer /= (size_t)g->extent[d];
      s += index * g->source[d];
      t += index * g->target[d];
    }
    if (source_column == 1 && target_column == 1) {
      for (size_t r = 0; r < rows; r++) {
        const float *from = source + s + (ptrdiff_t)r * source_row;
        float *to = target + t + (ptrdiff_t)r * target_row;
        if (accumulate)
          NK_NAME(nk_copy_row)(columns, from, to, true);
        else
          NK_NAME(nk_copy_row)(columns, from, to, false);
      }
    } else {
      if (accumulate)
        NK_NAME(nk_copy_tiles)
        (rows, columns, source_row, source_column, target_row, target_column, source + s,
         target + t, true);
      else
        NK_NAME(nk_copy_tiles)
        (rows, columns, source_row, source_column, target_row, target_column, source + s,
         target + t, false);
    }
    first_row += rows;
  }
}

static void NK_NAME(nk_gather_rows)(size_t count, size_t columns, const float *table,
                                    size_t table_rows, const int32_t *indices, float *y) {
  for (size_t i = 0; i < count; i++, y += columns) {
    if (indices[i] >= 0 && (size_t)indices[i] < table_rows)
      NK_NAME(nk_copy_row)(columns, table + (size_t)indices[i] * columns, y, false);
    else
      for (size_t c = 0; c < columns; c++) y[c] = __builtin_nanf("");
  }
}

static void NK_NAME(nk_scatter_add_rows)(size_t count, size_t columns, size_t first, size_t last,
                                         const float *dy, const int32_t *indices,
                                         size_t table_rows, float *gradient) {
  for (size_t i = 0; i < count; i++, dy += columns) {
    if (indices[i] < 0 || (size_t)indices[i] >= table_rows) continue;
    NK_NAME(nk_copy_row)
    (last - first, dy + first, gradient + (size_t)indices[i] * columns + first, true);
  }
}
