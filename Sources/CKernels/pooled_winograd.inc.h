// A convolution of few channels with maxima over 2 × 2 of its pixels by Winograd's F(2×2, 3×3): a window
// is a tile. Points are taken column by column of the tile: a column's weights stay in registers for a line
// of windows, whose values grow in a first-level cache meanwhile. With all points of a window at a time, each
// product loaded its weights, and loads were what it waited for (measured: 0.9 of the time now).

#include "winograd_matrices.h"

// The even and the odd elements of two vectors.
// What follows the first element: the others, and one of another vector.
#undef nk_even
#undef nk_odd
#undef nk_following
#if NK_WIDTH == 16
#define nk_even(a, b) \
  __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define nk_odd(a, b) \
  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define nk_following(a, b, i) \
  __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 + i)
#elif NK_WIDTH == 8
#define nk_even(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define nk_odd(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define nk_following(a, b, i) __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8 + i)
#else
#define nk_even(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define nk_odd(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#define nk_following(a, b, i) __builtin_shufflevector(a, b, 1, 2, 3, 4 + i)
#endif

// u[column of the tile][channel][row of the tile][output channel]
static void NK_NAME(nk_pooled_winograd_weights)(const nk_pooled_convolution *s, const float *w,
                                                float *u) {
  const ptrdiff_t channels = s->input_channels, outputs = s->output_channels;
  for (ptrdiff_t c = 0; c < channels; c++) {
    for (ptrdiff_t first = 0; first < outputs; first += NK_WIDTH) {
      const size_t rest = (size_t)(outputs - first);
      nk_vf t[4][3];
      NK_UNROLL for (int j = 0; j < 3; j++) {
        nk_vf d[3], o[4];
        NK_UNROLL for (int i = 0; i < 3; i++)
            d[i] = nk_load_up_to(w + ((i * 3 + j) * channels + c) * outputs + first, rest);
        nk_wg_g(2, d, o);
        NK_UNROLL for (int i = 0; i < 4; i++) t[i][j] = o[i];
      }
      NK_UNROLL for (int i = 0; i < 4; i++) {
        nk_vf o[4];
        nk_wg_g(2, t[i], o);
        NK_UNROLL for (int j = 0; j < 4; j++) {
          const ptrdiff_t row = (j * channels + c) * 4 + i;
          nk_store_up_to(u + row * outputs + first, o[j], rest);
        }
      }
    }
  }
}

// Bᵀ from the left of a vector of columns of four lines; zeros behind the last column.
NK_INLINE void NK_NAME(nk_pooled_winograd_input)(const nk_pooled_convolution *s,
                                                   const float *plane, ptrdiff_t x, nk_vf o[4]) {
  nk_vf d[4] = {{0}};
  if (x < s->columns) NK_UNROLL for (int i = 0; i < 4; i++)
      d[i] = nk_load_up_to(plane + i * s->columns + x, (size_t)(s->columns - x));
  nk_wg_bt(2, d, o);
}

// The transformed tiles of one line of windows, in the order of u; `step` floats from point to point.
NK_INLINE void NK_NAME(nk_pooled_winograd_line)(const nk_pooled_convolution *s, const float *planes,
                                                ptrdiff_t step, float *v) {
  for (ptrdiff_t c = 0; c < s->input_channels; c++) {
    const float *plane = planes + c * s->lines * s->columns;
    nk_vf a[4], b[4], next[4];
    NK_NAME(nk_pooled_winograd_input)(s, plane, 0, next);
    for (ptrdiff_t window = 0; window < s->width; window += NK_WIDTH) {
      NK_UNROLL for (int i = 0; i < 4; i++) a[i] = next[i];
      NK_NAME(nk_pooled_winograd_input)(s, plane, 2 * window + NK_WIDTH, b);
      NK_NAME(nk_pooled_winograd_input)(s, plane, 2 * window + 2 * NK_WIDTH, next);
      NK_UNROLL for (int i = 0; i < 4; i++) {
        const nk_vf even = nk_even(a[i], b[i]), odd = nk_odd(a[i], b[i]);
        const nk_vf d[4] = {even, odd, nk_following(even, next[i], 0),
                            nk_following(odd, next[i], 1)};
        nk_vf o[4];
        nk_wg_bt(2, d, o);
        NK_UNROLL for (int j = 0; j < 4; j++) {
          const ptrdiff_t row = (j * s->input_channels + c) * 4 + i;
          nk_store(v + row * step + window, o[j]);
        }
      }
    }
  }
}

// A column of the tiles of a line of windows, for one vector of output channels: what it counts in their
// values, which are four vectors for each; the last column takes their maxima.
NK_INLINE void NK_NAME(nk_pooled_winograd_column)(const int column, const int channels,
                                                  const nk_pooled_convolution *s, const float *v,
                                                  ptrdiff_t step, const float *u, size_t rest,
                                                  nk_vf bias, bool relu, float *values, float *y,
                                                  uint8_t *indices) {
  nk_vf factors[4 * 4];
  NK_UNROLL for (int k = 0; k < 4 * channels; k++)
      factors[k] = nk_load_up_to(u + k * s->output_channels, rest);
  for (ptrdiff_t window = 0; window < s->width; window++, values += 4 * NK_WIDTH) {
    nk_vf sum[4] = {{0}};
    NK_UNROLL for (int k = 0; k < 4 * channels; k++)
        sum[k % 4] += nk_set1(v[k * step + window]) * factors[k];
    nk_vf o[2], value[4];
    nk_wg_at(2, sum, o);
    // What the columns of the tile count in the two of a window: (1, 0), (1, 1), (1, −1) and (0, −1).
    NK_UNROLL for (int i = 0; i < 2; i++) {
      float *left = values + 2 * i * NK_WIDTH, *right = left + NK_WIDTH;
      if (column == 0) {
        // The next line of results comes meanwhile.
        if (i == 0) __builtin_prefetch(y + (s->width + window) * s->output_channels, 1, 2);
        nk_store(left, o[i]);
      } else if (column == 1) {
        nk_store(left, nk_load(left) + o[i]);
        nk_store(right, o[i]);
      } else if (column == 2) {
        nk_store(left, nk_load(left) + o[i]);
        nk_store(right, nk_load(right) - o[i]);
      } else {
        value[2 * i] = nk_load(left) + bias;
        value[2 * i + 1] = nk_load(right) - o[i] + bias;
      }
    }
    if (column < 3) continue;
    NK_NAME(store_maximum)(value, relu, rest, y, indices);
    y += s->output_channels;
    if (indices) indices += s->output_channels;
  }
}

NK_INLINE void NK_NAME(nk_pooled_winograd_columns)(const int channels,
                                                      const nk_pooled_convolution *s,
                                                      const float *v, ptrdiff_t step,
                                                      const float *u, size_t rest,
                                                      const float *bias, bool relu,
                                                      float *values, float *y,
                                                      uint8_t *indices) {
  nk_vf b = {0};
  if (bias) b = nk_load_up_to(bias, rest);
  NK_UNROLL for (int j = 0; j < 4; j++)
      NK_NAME(nk_pooled_winograd_column)
      (j, channels, s, v + 4 * channels * j * step, step, u + 4 * channels * j * s->output_channels,
       rest, b, relu, values, y, indices);
}

// A line of windows, for one vector of output channels.
NK_INLINE void NK_NAME(nk_pooled_winograd_windows)(const nk_pooled_convolution *s, const float *v,
                                                   ptrdiff_t step, const float *u, size_t rest,
                                                   const float *bias, bool relu, float *values,
                                                   float *y, uint8_t *indices) {
  switch (s->input_channels) {
    case 1:
      NK_NAME(nk_pooled_winograd_columns)(1, s, v, step, u, rest, bias, relu, values, y, indices);
      break;
    case 2:
      NK_NAME(nk_pooled_winograd_columns)(2, s, v, step, u, rest, bias, relu, values, y, indices);
      break;
    case 3:
      NK_NAME(nk_pooled_winograd_columns)(3, s, v, step, u, rest, bias, relu, values, y, indices);
      break;
    default:
      NK_NAME(nk_pooled_winograd_columns)(4, s, v, step, u, rest, bias, relu, values, y, indices);
      break;
  }
}

static void NK_NAME(nk_pooled_winograd_forward)(const nk_pooled_convolution *s,
                                                const float *planes, const float *u,
                                                const float *bias, bool relu, float *y,
                                                uint8_t *indices, float *scratch,
                                                const float *next, size_t next_count) {
  const ptrdiff_t step = nk_scratch_line(s), outputs = s->output_channels;
  const size_t height = (size_t)s->height;
  float *values = scratch + 16 * s->input_channels * step;
  for (ptrdiff_t line = 0; line < s->height; line++) {
    const size_t part = (size_t)line * next_count / height;
    nk_prefetch(next + part, ((size_t)line + 1) * next_count / height - part);
    NK_NAME(nk_pooled_winograd_line)(s, planes + 2 * line * s->columns, step, scratch);
    for (ptrdiff_t first = 0; first < outputs; first += NK_WIDTH) {
      const size_t rest = (size_t)(outputs - first);
      const float *b = bias ? bias + first : NULL;
      const ptrdiff_t place = line * s->width * outputs + first;
      uint8_t *bytes = indices ? indices + place : NULL;
      if (rest >= NK_WIDTH)
        NK_NAME(nk_pooled_winograd_windows)
        (s, scratch, step, u + first, NK_WIDTH, b, relu, values, y + place, bytes);
      else
        NK_NAME(nk_pooled_winograd_windows)
        (s, scratch, step, u + first, rest, b, relu, values, y + place, bytes);
    }
  }
}
