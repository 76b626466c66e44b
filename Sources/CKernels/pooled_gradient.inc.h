// Gradients of weights from the pixels that were the largest of their windows. See
// include/pooled_gradient.h.

#include "maxima.h"
#include "panels.h"

// Vectors of input channels whose sums, nine for each, fit the registers.
#undef NK_GRADIENT_VECTORS
#if NK_WIDTH == 16
#define NK_GRADIENT_VECTORS 2
#else
#define NK_GRADIENT_VECTORS 1
#endif

// What lives of some lines of windows, of one vector of channels, the last of which has `rest`
// elements; `channels` from window to window. Returns the sum of the gradients.
NK_INLINE nk_vf NK_NAME(nk_find_live)(const nk_pooled_gradient *s, ptrdiff_t first,
                                      ptrdiff_t lines, const float *dy, const uint8_t *indices,
                                      size_t rest, ptrdiff_t channels, nk_live *live) {
  const int32_t pixel = (int32_t)s->input_channels, line = (int32_t)s->input_width * pixel;
  nk_vf sum = {0};
  for (ptrdiff_t y = first; y < first + lines; y++) {
    for (ptrdiff_t x = 0; x < s->width; x++) {
      const ptrdiff_t source = (y * s->width + x) * s->output_channels;
      const nk_vf gradient = nk_load_up_to(dy + source, rest);
      const nk_vi place = NK_NAME(load_bytes)(indices + source, rest);
      sum += (nk_vf)((nk_vi)gradient & (place < NK_NOWHERE));
      const int32_t corner = 2 * (int32_t)y * line + 2 * (int32_t)x * pixel;
      // The third bit, which of all places only NK_NOWHERE has, becomes the sign.
      const nk_vi offset =
          (corner + (place & 1) * pixel + (place >> 1 & 1) * line) | (place << 29 & INT32_MIN);
      nk_store((float *)live, (nk_vf)nk_zip_lower(offset, (nk_vi)gradient));
      nk_store((float *)live + NK_WIDTH, (nk_vf)nk_zip_upper(offset, (nk_vi)gradient));
      live += channels;
    }
  }
  return sum;
}

// Some vectors of input channels of one output channel; the last has `rest` elements.
NK_INLINE void NK_NAME(nk_sum_live)(const int vectors, const nk_pooled_gradient *s, const float *x,
                                    const nk_live *live, ptrdiff_t count, size_t rest,
                                    float *sums) {
  const ptrdiff_t pixel = s->input_channels, line = s->input_width * pixel;
  nk_vf sum[9][NK_GRADIENT_VECTORS];
  NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int n = 0; n < vectors; n++)
      sum[k][n] = nk_load_up_to(sums + k * pixel + n * NK_WIDTH, rest - (size_t)n * NK_WIDTH);
  for (ptrdiff_t i = 0; i < count; i++) {
    // One load for both: loads are what this waits for.
    uint64_t both;
    memcpy(&both, live + i, sizeof both);
    const uint32_t upper = (uint32_t)(both >> 32);
    float value;
    memcpy(&value, &upper, sizeof value);
    const float *seen = x + (int32_t)both;
    const nk_vf gradient = nk_set1(value);
    NK_UNROLL for (int ky = 0; ky < 3; ky++, seen += line) {
      NK_UNROLL for (int kx = 0; kx < 3; kx++) NK_UNROLL for (int n = 0; n < vectors; n++) {
        const float *channels = seen + kx * pixel + n * NK_WIDTH;
        sum[3 * ky + kx][n] += gradient * nk_load_up_to(channels, rest - (size_t)n * NK_WIDTH);
        NK_KEEP_ORDER(sum[3 * ky + kx][n]);
      }
    }
  }
  NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int n = 0; n < vectors; n++)
      nk_store_up_to(sums + k * pixel + n * NK_WIDTH, sum[k][n], rest - (size_t)n * NK_WIDTH);
}

static void NK_NAME(nk_pooled_weight_sums)(const nk_pooled_gradient *s, const float *x,
                                           const float *dy, const uint8_t *indices,
                                           float *scratch, float *sums, float *dbias) {
  const ptrdiff_t inputs = s->input_channels, channels = (s->output_channels + 15) / 16 * 16;
  const ptrdiff_t block = nk_gradient_block(s), windows = block * s->width;
  int32_t *counts = (int32_t *)scratch;
  nk_live *live = (nk_live *)(scratch + channels), *lists = live + windows * channels;
  for (ptrdiff_t first = 0; first < s->height; first += block) {
    const ptrdiff_t lines = s->height - first < block ? s->height - first : block;
    for (ptrdiff_t c = 0; c < s->output_channels; c += NK_WIDTH) {
      const size_t rest = (size_t)(s->output_channels - c);
      const nk_vf sum =
          rest >= NK_WIDTH
              ? NK_NAME(nk_find_live)(s, first, lines, dy + c, indices + c, NK_WIDTH, channels,
                                      live + c)
              : NK_NAME(nk_find_live)(s, first, lines, dy + c, indices + c, rest, channels, live + c);
      if (dbias) nk_store_up_to(dbias + c, nk_load_up_to(dbias + c, rest) + sum, rest);
    }
    for (ptrdiff_t c = 0; c < s->output_channels; c++) {
      nk_live *list = lists + c * windows;
      const nk_live *next = live + c;
      int32_t count = 0;
      for (ptrdiff_t i = lines * s->width; i > 0; i--, next += channels) {
        list[count] = *next;
        count += 1 + (next->offset >> 31);
      }
      counts[c] = count;
    }
    for (ptrdiff_t v = 0; v < inputs;) {
      const size_t rest = (size_t)(inputs - v);
      const bool whole = rest >= NK_GRADIENT_VECTORS * NK_WIDTH;
      for (ptrdiff_t c = 0; c < s->output_channels; c++) {
        const nk_live *list = lists + c * windows;
        float *to = sums + c * 9 * inputs + v;
        if (whole)
          NK_NAME(nk_sum_live)(NK_GRADIENT_VECTORS, s, x + v, list, counts[c],
                               NK_GRADIENT_VECTORS * NK_WIDTH, to);
        else
          NK_NAME(nk_sum_live)(1, s, x + v, list, counts[c], rest, to);
      }
      v += (whole ? NK_GRADIENT_VECTORS : 1) * NK_WIDTH;
    }
  }
}

static void NK_NAME(nk_pooled_weight_gradient)(const nk_pooled_gradient *s, const float *sums,
                                               bool accumulate, float *dweights) {
  const ptrdiff_t outputs = s->output_channels, depth = 9 * s->input_channels;
  for (ptrdiff_t c = 0; c < outputs; c += NK_WIDTH) {
    const ptrdiff_t columns = outputs - c < NK_WIDTH ? outputs - c : NK_WIDTH;
    for (ptrdiff_t k = 0; k < depth; k += NK_WIDTH) {
      const ptrdiff_t rows = depth - k < NK_WIDTH ? depth - k : NK_WIDTH;
      nk_vf v[NK_WIDTH];
      NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) {
        v[i] = (nk_vf){0};
        if (i < columns) v[i] = nk_load_up_to(sums + (c + i) * depth + k, (size_t)rows);
      }
      NK_NAME(nk_transpose)(v);
      NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) if (i < rows) {
        float *to = dweights + (k + i) * outputs + c;
        if (accumulate) v[i] += nk_load_up_to(to, (size_t)columns);
        nk_store_up_to(to, v[i], (size_t)columns);
      }
    }
  }
}
