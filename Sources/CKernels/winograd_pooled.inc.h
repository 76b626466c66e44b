// Winograd's transforms of results that go through maxima over windows of 2 × 2, side by side: tiles of
// two or four pixels are whole windows. What lies between the two never is in memory.

#undef NK_BY_EVEN_TILE
#define NK_BY_EVEN_TILE(function, ...) \
  if (s->tile == 2)                    \
    function(2, __VA_ARGS__);          \
  else                                 \
    function(4, __VA_ARGS__);

// A tile's first window, and how many lines and columns of windows exist from it on.
typedef struct {
  ptrdiff_t first, lines, columns;
} NK_NAME(nk_tile_windows);

NK_INLINE NK_NAME(nk_tile_windows) NK_NAME(nk_windows_of_tile)(const nk_winograd *s, size_t index) {
  const NK_NAME(nk_tile_place) place = NK_NAME(nk_place_of_tile)(s, index);
  const ptrdiff_t height = s->output_height / 2, width = s->output_width / 2;
  return (NK_NAME(nk_tile_windows)){
      ((place.image * height + place.y / 2) * width + place.x / 2) * s->output_channels,
      height - place.y / 2, width - place.x / 2};
}

NK_INLINE void NK_NAME(nk_wg_pooled_output_tile)(const int tile, const float *m,
                                                 ptrdiff_t point_step, size_t rest,
                                                 const float *bias, bool relu, ptrdiff_t line,
                                                 ptrdiff_t pixel, ptrdiff_t lines,
                                                 ptrdiff_t columns, float *y, uint8_t *indices) {
  nk_vf t[5][7], b = {0};
  if (bias) b = nk_load_up_to(bias, rest);
  NK_NAME(nk_wg_output_columns)(tile, m, point_step, rest, t);
  NK_UNROLL for (int i = 0; i < tile / 2; i++) {
    nk_vf values[2][5];
    NK_UNROLL for (int row = 0; row < 2; row++) nk_wg_at(tile, t[2 * i + row], values[row]);
    NK_UNROLL for (int j = 0; j < tile / 2; j++) {
      if (i >= lines || j >= columns) continue;
      nk_vf window[4];
      NK_UNROLL for (int q = 0; q < 4; q++) window[q] = values[q / 2][2 * j + q % 2] + b;
      const ptrdiff_t place = i * line + j * pixel;
      NK_NAME(store_maximum)(window, relu, rest, y + place, indices ? indices + place : NULL);
    }
  }
}

NK_INLINE void NK_NAME(nk_wg_pooled_output)(const int tile, const nk_winograd *s, const float *m,
                                            ptrdiff_t point_step, ptrdiff_t row_step, size_t first,
                                            size_t count, const float *bias, bool relu, float *y,
                                            uint8_t *indices) {
  const ptrdiff_t pixel = s->output_channels, line = s->output_width / 2 * pixel;
  const ptrdiff_t image = s->output_height / 2 * line;
  for (size_t k = 0; k < count; k++, m += row_step) {
    const NK_NAME(nk_tile_windows) windows = NK_NAME(nk_windows_of_tile)(s, first + k);
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      const size_t rest = (size_t)(pixel - c);
      const float *b = bias ? bias + c : NULL;
      float *to = y + windows.first + c;
      uint8_t *bytes = indices ? indices + windows.first + c : NULL;
      // The same place of the next image comes meanwhile.
      NK_UNROLL for (int i = 0; i < tile / 2; i++) NK_UNROLL for (int j = 0; j < tile / 2; j++)
          __builtin_prefetch(to + image + i * line + j * pixel, 1, 2);
      if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_pooled_output_tile)
        (tile, m + c, point_step, NK_WIDTH, b, relu, line, pixel, windows.lines, windows.columns, to,
         bytes);
      else
        NK_NAME(nk_wg_pooled_output_tile)
        (tile, m + c, point_step, rest, b, relu, line, pixel, windows.lines, windows.columns, to,
         bytes);
    }
  }
}

static void NK_NAME(nk_winograd_pooled_output)(const nk_winograd *s, const float *m,
                                               ptrdiff_t point_step, ptrdiff_t row_step,
                                               size_t first, size_t count, const float *bias,
                                               bool relu, float *y, uint8_t *indices) {
  NK_BY_EVEN_TILE(NK_NAME(nk_wg_pooled_output), s, m, point_step, row_step, first, count, bias,
                  relu, y, indices)
}

NK_INLINE void NK_NAME(nk_wg_pooled_gradient_tile)(const int tile, const float *dy,
                                                   const uint8_t *indices, ptrdiff_t line,
                                                   ptrdiff_t pixel, ptrdiff_t lines,
                                                   ptrdiff_t columns, size_t rest, float *m,
                                                   ptrdiff_t point_step) {
  nk_vf d[5][5];
  NK_UNROLL for (int i = 0; i < tile / 2; i++) NK_UNROLL for (int j = 0; j < tile / 2; j++) {
    nk_vi gradient = {0}, place = {0};
    if (i < lines && j < columns) {
      gradient = (nk_vi)nk_load_up_to(dy + i * line + j * pixel, rest);
      place = NK_NAME(load_bytes)(indices + i * line + j * pixel, rest);
    }
    NK_UNROLL for (int q = 0; q < 4; q++)
        d[2 * i + q / 2][2 * j + q % 2] = (nk_vf)(gradient & (place == q));
  }
  NK_NAME(nk_wg_gradient_points)(tile, d, rest, m, point_step);
}

NK_INLINE void NK_NAME(nk_wg_pooled_gradient)(const int tile, const nk_winograd *s,
                                              const float *dy, const uint8_t *indices,
                                              size_t first, size_t count, float *m,
                                              ptrdiff_t point_step, ptrdiff_t row_step) {
  const ptrdiff_t pixel = s->output_channels, line = s->output_width / 2 * pixel;
  for (size_t k = 0; k < count; k++, m += row_step) {
    const NK_NAME(nk_tile_windows) windows = NK_NAME(nk_windows_of_tile)(s, first + k);
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      const size_t rest = (size_t)(pixel - c);
      const ptrdiff_t source = windows.first + c;
      if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_pooled_gradient_tile)
        (tile, dy + source, indices + source, line, pixel, windows.lines, windows.columns, NK_WIDTH,
         m + c, point_step);
      else
        NK_NAME(nk_wg_pooled_gradient_tile)
        (tile, dy + source, indices + source, line, pixel, windows.lines, windows.columns, rest,
         m + c, point_step);
    }
  }
}

static void NK_NAME(nk_winograd_pooled_gradient)(const nk_winograd *s, const float *dy,
                                                 const uint8_t *indices, size_t first,
                                                 size_t count, float *m, ptrdiff_t point_step,
                                                 ptrdiff_t row_step) {
  NK_BY_EVEN_TILE(NK_NAME(nk_wg_pooled_gradient), s, dy, indices, first, count, m, point_step,
                  row_step)
}
