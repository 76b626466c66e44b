// Packing for the products of tile.inc.h: rows or columns of a matrix into panels. No include guard.

static void NK_NAME(nk_pack_rows)(size_t count, const nk_walk *walk, size_t first_row,
                                  const float *b, size_t columns, size_t depth,
                                  size_t first_depth, float *packed) {
  ptrdiff_t offsets[NK_BLOCK_ROWS];
  size_t panels = NK_NAME(nk_panel_count)(columns);
  while (count > 0) {
    size_t block = count < NK_BLOCK_ROWS ? count : NK_BLOCK_ROWS;
    NK_NAME(nk_walk_offsets)(walk, first_row, block, offsets);
    for (size_t i = 0; i < panels; i++) {
      NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(columns, i);
      size_t width = panel.vectors * NK_WIDTH;
      float *out = packed + depth * panel.column + first_depth * width;
      for (size_t r = 0; r < block; r++) {
        const float *row = b + offsets[r] + panel.column;
        for (size_t n = 0; n < width; n += NK_WIDTH) {
          size_t column = panel.column + n;
          nk_vf v = column + NK_WIDTH <= columns ? nk_load(row + n)
                                                 : nk_load_part(row + n, columns - column);
          nk_store(out + n, v);
        }
        out += width;
      }
    }
    first_row += block;
    first_depth += block;
    count -= block;
  }
}

static void NK_NAME(nk_pack_transposed)(size_t count, const float *b, ptrdiff_t b_column,
                                        size_t columns, size_t depth, size_t first_depth,
                                        float *packed) {
  size_t panels = NK_NAME(nk_panel_count)(columns);
  for (size_t i = 0; i < panels; i++) {
    NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(columns, i);
    size_t width = panel.vectors * NK_WIDTH;
    float *panel_rows = packed + depth * panel.column + first_depth * width;
    for (size_t n = 0; n < width; n += NK_WIDTH) {
      for (size_t r = 0; r < count; r += NK_WIDTH) {
        size_t rest = count - r < NK_WIDTH ? count - r : NK_WIDTH;
        nk_vf v[NK_WIDTH];
        NK_UNROLL for (size_t j = 0; j < NK_WIDTH; j++) {
          size_t column = panel.column + n + j;
          const float *source = b + (ptrdiff_t)column * b_column + r;
          if (column >= columns)
            v[j] = (nk_vf){0};
          else
            v[j] = rest == NK_WIDTH ? nk_load(source) : nk_load_part(source, rest);
        }
        NK_NAME(nk_transpose)(v);
        float *out = panel_rows + r * width + n;
        if (rest == NK_WIDTH) {
          NK_UNROLL for (size_t j = 0; j < NK_WIDTH; j++) nk_store(out + j * width, v[j]);
        } else {
          NK_UNROLL for (size_t j = 0; j < NK_WIDTH; j++) if (j < rest)
              nk_store(out + j * width, v[j]);
        }
      }
    }
  }
}

static bool NK_NAME(nk_is_packed)(size_t columns) {
  return columns % NK_WIDTH == 0 && NK_NAME(nk_panel_count)(columns) == 1;
}
