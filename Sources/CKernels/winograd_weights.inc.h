// Winograd's transforms of weights and of their gradients.

// Transformed weights of more bytes than this are written past the caches, where all vectors are whole:
// they would not be found there.
#undef NK_WINOGRAD_CACHED
#define NK_WINOGRAD_CACHED ((size_t)16 << 20)

NK_INLINE bool NK_NAME(nk_wg_streams)(const int tile, size_t depth, size_t columns, const float *u) {
  size_t bytes = (size_t)((tile + 2) * (tile + 2)) * depth * columns * sizeof *u;
  return bytes >= NK_WINOGRAD_CACHED && columns % 16 == 0 && (uintptr_t)u % 64 == 0;
}

// u = G w Gᵀ of one vector of output channels of one input channel; `step` floats from one place of
// the kernel to the next.
NK_INLINE void NK_NAME(nk_wg_weights_vector)(const int tile, const float *w, ptrdiff_t step,
                                             size_t rest, nk_vf u[7][7]) {
  const int n = tile + 2;
  nk_vf t[7][3];
  NK_UNROLL for (int j = 0; j < 3; j++) {
    nk_vf d[3], o[7];
    NK_UNROLL for (int i = 0; i < 3; i++)
        d[i] = nk_load_up_to(w + (i * 3 + j) * step, rest);
    nk_wg_g(tile, d, o);
    NK_UNROLL for (int i = 0; i < n; i++) t[i][j] = o[i];
  }
  NK_UNROLL for (int i = 0; i < n; i++) nk_wg_g(tile, t[i], u[i]);
}

NK_INLINE void NK_NAME(nk_wg_weights)(const int tile, const bool streams, const nk_winograd *s,
                                      const float *w, size_t first, size_t count, float *u) {
  const int n = tile + 2;
  const size_t depth = (size_t)s->input_channels, columns = (size_t)s->output_channels;
  const ptrdiff_t matrix = (ptrdiff_t)nk_packed_count(depth, columns) + NK_WINOGRAD_GAP;
  const ptrdiff_t step = s->input_channels * s->output_channels;
  size_t panels = NK_NAME(nk_panel_count)(columns);
  for (size_t i = 0; i < panels; i++) {
    NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(columns, i);
    size_t width = panel.vectors * NK_WIDTH;
    for (size_t k = first; k < first + count; k++) {
      for (size_t c = 0; c < width; c += NK_WIDTH) {
        nk_vf points[7][7];
        NK_NAME(nk_wg_weights_vector)
        (tile, w + k * columns + panel.column + c, step, columns - panel.column - c, points);
        float *out = u + depth * panel.column + k * width + c;
        NK_UNROLL for (int a = 0; a < n; a++) NK_UNROLL for (int b = 0; b < n; b++) {
          if (streams)
            nk_stream(out + (a * n + b) * matrix, points[a][b]);
          else
            nk_store(out + (a * n + b) * matrix, points[a][b]);
        }
      }
    }
  }
}

// Squares of input × output channels are transformed, transposed and stored.
NK_INLINE void NK_NAME(nk_wg_weights_transposed)(const int tile, const bool streams,
                                                 const nk_winograd *s, const float *w,
                                                 size_t first, size_t count, float *u) {
  const int n = tile + 2;
  const size_t inputs = (size_t)s->input_channels, outputs = (size_t)s->output_channels;
  const ptrdiff_t matrix = (ptrdiff_t)nk_packed_count(outputs, inputs) + NK_WINOGRAD_GAP;
  const ptrdiff_t step = s->input_channels * s->output_channels;
  size_t panels = NK_NAME(nk_panel_count)(inputs);
  float square[49][NK_WIDTH][NK_WIDTH] __attribute__((aligned(64)));
  for (size_t i = 0; i < panels; i++) {
    NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(inputs, i);
    size_t width = panel.vectors * NK_WIDTH;
    for (size_t v = 0; v < width; v += NK_WIDTH) {
      size_t column = panel.column + v;
      if (column < first || column >= first + count) continue;
      size_t rows = inputs - column < NK_WIDTH ? inputs - column : NK_WIDTH;
      for (size_t k = 0; k < outputs; k += NK_WIDTH) {
        size_t depth = outputs - k < NK_WIDTH ? outputs - k : NK_WIDTH;
        for (size_t r = 0; r < NK_WIDTH; r++) {
          nk_vf points[7][7];
          if (r < rows) {
            NK_NAME(nk_wg_weights_vector)
            (tile, w + (column + r) * outputs + k, step, outputs - k, points);
          } else {
            memset(points, 0, sizeof points);
          }
          NK_UNROLL for (int a = 0; a < n; a++) NK_UNROLL for (int b = 0; b < n; b++)
              nk_store(square[a * n + b][r], points[a][b]);
        }
        float *out = u + outputs * panel.column + k * width + v;
        for (int p = 0; p < n * n; p++, out += matrix) {
          nk_vf rows_of[NK_WIDTH];
          NK_UNROLL for (size_t r = 0; r < NK_WIDTH; r++) rows_of[r] = nk_load(square[p][r]);
          NK_NAME(nk_transpose)(rows_of);
          NK_UNROLL for (size_t r = 0; r < NK_WIDTH; r++) {
            if (r >= depth) continue;
            if (streams)
              nk_stream(out + r * width, rows_of[r]);
            else
              nk_store(out + r * width, rows_of[r]);
          }
        }
      }
    }
  }
}

NK_INLINE void NK_NAME(nk_wg_transform_weights)(const int tile, const nk_winograd *s,
                                                const float *w, size_t first, size_t count,
                                                bool transposed, float *u) {
  size_t inputs = (size_t)s->input_channels, outputs = (size_t)s->output_channels;
  const bool streams = transposed ? NK_NAME(nk_wg_streams)(tile, outputs, inputs, u)
                                  : NK_NAME(nk_wg_streams)(tile, inputs, outputs, u);
  if (transposed && streams)
    NK_NAME(nk_wg_weights_transposed)(tile, true, s, w, first, count, u);
  else if (transposed)
    NK_NAME(nk_wg_weights_transposed)(tile, false, s, w, first, count, u);
  else if (streams)
    NK_NAME(nk_wg_weights)(tile, true, s, w, first, count, u);
  else
    NK_NAME(nk_wg_weights)(tile, false, s, w, first, count, u);
  if (streams) nk_end_streams();
}

static void NK_NAME(nk_winograd_weights)(const nk_winograd *s, const float *w, size_t first,
                                         size_t count, bool transposed, float *u) {
  NK_BY_TILE(NK_NAME(nk_wg_transform_weights), s, w, first, count, transposed, u)
}

NK_INLINE void NK_NAME(nk_wg_weight_gradient)(const int tile, const nk_winograd *s,
                                              const float *du, ptrdiff_t point_step, size_t first,
                                              size_t count, bool accumulate, float *dw) {
  const int n = tile + 2;
  const ptrdiff_t step = s->input_channels * s->output_channels;
  for (size_t e = first; e < first + count; e += NK_WIDTH) {
    size_t rest = first + count - e;
    nk_vf t[3][7];
    NK_UNROLL for (int j = 0; j < n; j++) {
      nk_vf d[7], o[3];
      NK_UNROLL for (int i = 0; i < n; i++)
          d[i] = nk_load_up_to(du + (i * n + j) * point_step + e, rest);
      nk_wg_gt(tile, d, o);
      NK_UNROLL for (int i = 0; i < 3; i++) t[i][j] = o[i];
    }
    NK_UNROLL for (int i = 0; i < 3; i++) {
      nk_vf o[3];
      nk_wg_gt(tile, t[i], o);
      NK_UNROLL for (int j = 0; j < 3; j++) {
        float *out = dw + (i * 3 + j) * step + e;
        if (accumulate) o[j] += nk_load_up_to(out, rest);
        nk_store_up_to(out, o[j], rest);
      }
    }
  }
}

static void NK_NAME(nk_winograd_weight_gradient)(const nk_winograd *s, const float *du,
                                                 ptrdiff_t point_step, size_t first, size_t count,
                                                 bool accumulate, float *dw) {
  NK_BY_TILE(NK_NAME(nk_wg_weight_gradient), s, du, point_step, first, count, accumulate, dw)
}
