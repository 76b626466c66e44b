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

// What is listed: a block of windows, at `corners` floats from the image.
#undef nk_windows
#define nk_windows NK_NAME(nk_windows_)
typedef struct {
  ptrdiff_t count;
  const int32_t *corners;
  int32_t pixel, line;
} nk_windows;

// Lists what lives of a block of windows, of one vector of channels, the last of which has `rest`
// elements, `channels` from window to window: a list for each, `step` entries from one to the next, room for
// whole vectors of windows. Returns the sums of the gradients.
#if NK_WIDTH == 16
NK_INLINE void NK_NAME(transpose_bytes)(__m128i v[16]) {
  NK_UNROLL for (int round = 1; round < 16; round *= 2) {
    __m128i t[16];
    NK_UNROLL for (int i = 0; i < 8; i++) {
      t[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
      t[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
    }
    NK_UNROLL for (int i = 0; i < 16; i++) v[i] = t[i];
  }
}

NK_INLINE nk_vf NK_NAME(nk_list_live)(const nk_windows *windows, const float *dy,
                                      const uint8_t *indices, size_t rest, ptrdiff_t channels,
                                      ptrdiff_t step, nk_live *lists, int32_t *counts) {
  const __mmask16 exist = (__mmask16)((1u << (rest < 16 ? rest : 16)) - 1);
  const __m128i nowhere = _mm_set1_epi8((char)NK_NOWHERE);
  nk_vf sum = {0};
  NK_UNROLL for (int c = 0; c < 16; c++) counts[c] = 0;
  for (ptrdiff_t first = 0; first < windows->count; first += 16) {
    const ptrdiff_t count = windows->count - first;
    nk_vf gradients[16];
    __m128i places[16];
    NK_UNROLL for (int i = 0; i < 16; i++) {
      gradients[i] = (nk_vf){0};
      places[i] = nowhere;
      if (i >= count) continue;
      places[i] = _mm_mask_loadu_epi8(nowhere, exist, indices + (first + i) * channels);
      const __mmask16 lives = _mm_cmpneq_epi8_mask(places[i], nowhere);
      gradients[i] = (nk_vf)_mm512_maskz_loadu_ps(lives, dy + (first + i) * channels);
      sum += gradients[i];
    }
    NK_NAME(nk_transpose)(gradients);
    NK_NAME(transpose_bytes)(places);
    const __m512i corner = _mm512_loadu_si512(windows->corners + first);
    NK_UNROLL for (int c = 0; c < 16; c++) {
      const __m512i place = _mm512_cvtepu8_epi32(places[c]);
      const __mmask16 right = _mm512_test_epi32_mask(place, _mm512_set1_epi32(1));
      const __mmask16 lower = _mm512_test_epi32_mask(place, _mm512_set1_epi32(2));
      // The third bit, which of all places only NK_NOWHERE has.
      const __mmask16 lives = _mm512_testn_epi32_mask(place, _mm512_set1_epi32(4));
      __m512i offset = _mm512_mask_add_epi32(corner, right, corner, _mm512_set1_epi32(windows->pixel));
      offset = _mm512_mask_add_epi32(offset, lower, offset, _mm512_set1_epi32(windows->line));
      const nk_vi offsets = (nk_vi)_mm512_maskz_compress_epi32(lives, offset);
      const nk_vi values = (nk_vi)_mm512_maskz_compress_ps(lives, (__m512)gradients[c]);
      float *to = (float *)(lists + c * step + counts[c]);
      nk_store(to, (nk_vf)nk_zip_lower(offsets, values));
      nk_store(to + NK_WIDTH, (nk_vf)nk_zip_upper(offsets, values));
      counts[c] += __builtin_popcount(lives);
    }
  }
  return sum;
}
#else
NK_INLINE nk_vf NK_NAME(nk_list_live)(const nk_windows *windows, const float *dy,
                                      const uint8_t *indices, size_t rest, ptrdiff_t channels,
                                      ptrdiff_t step, nk_live *lists, int32_t *counts) {
  // Not listed yet: those of a window side by side.
  nk_live *live = lists + NK_WIDTH * step;
  nk_vf sum = {0};
  for (ptrdiff_t i = 0; i < windows->count; i++, dy += channels, indices += channels) {
    const nk_vf gradient = nk_load_up_to(dy, rest);
    const nk_vi place = NK_NAME(load_bytes)(indices, rest);
    sum += (nk_vf)((nk_vi)gradient & (place < NK_NOWHERE));
    // The third bit, which of all places only NK_NOWHERE has, becomes the sign.
    const nk_vi offset = (windows->corners[i] + (place & 1) * windows->pixel +
                          (place >> 1 & 1) * windows->line) |
                         (place << 29 & INT32_MIN);
    nk_store((float *)(live + i * NK_WIDTH), (nk_vf)nk_zip_lower(offset, (nk_vi)gradient));
    nk_store((float *)(live + i * NK_WIDTH) + NK_WIDTH,
             (nk_vf)nk_zip_upper(offset, (nk_vi)gradient));
  }
  for (ptrdiff_t c = 0; c < NK_WIDTH; c++) {
    nk_live *list = lists + c * step;
    int32_t count = 0;
    for (ptrdiff_t i = 0; i < windows->count; i++) {
      list[count] = live[i * NK_WIDTH + c];
      count += 1 + (list[count].offset >> 31);
    }
    counts[c] = count;
  }
  return sum;
}
#endif

// Some vectors of input channels of one output channel; the last has `rest` elements.
NK_INLINE void NK_NAME(nk_sum_live)(const int vectors, const nk_pooled_gradient *s, const float *x,
                                    const nk_live *live, ptrdiff_t count, size_t rest,
                                    bool accumulate, float *sums) {
  const ptrdiff_t pixel = s->input_channels, line = s->input_width * pixel;
  nk_vf sum[9][NK_GRADIENT_VECTORS];
  NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int n = 0; n < vectors; n++)
      sum[k][n] = (nk_vf){0};
  if (accumulate) NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int n = 0; n < vectors; n++)
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
                                           float *scratch, bool accumulate, const float *next,
                                           float *sums, float *dbias) {
  const ptrdiff_t inputs = s->input_channels, outputs = s->output_channels;
  const ptrdiff_t block = nk_gradient_block(s), step = nk_gradient_windows(s);
  const int32_t pixel = (int32_t)inputs, line = (int32_t)s->input_width * pixel;
  const ptrdiff_t pixels = line * (2 * s->height + 2), all = s->height * s->width;
  int32_t *corners = (int32_t *)scratch, *counts = corners + step;
  nk_live *lists = (nk_live *)(counts + nk_gradient_channels(s));
  for (ptrdiff_t first = 0; first < s->height; first += block) {
    const ptrdiff_t lines = s->height - first < block ? s->height - first : block;
    nk_windows windows = {lines * s->width, corners, pixel, line};
    for (int32_t y = 0; y < lines; y++)
      for (int32_t i = 0; i < s->width; i++)
        corners[y * s->width + i] = 2 * ((int32_t)first + y) * line + 2 * i * pixel;
    for (ptrdiff_t c = 0; c < outputs; c += NK_WIDTH) {
      const size_t rest = (size_t)(outputs - c);
      const ptrdiff_t source = first * s->width * outputs + c;
      const nk_vf sum = NK_NAME(nk_list_live)(&windows, dy + source, indices + source, rest, outputs,
                                              step, lists + c * step, counts + c);
      if (!dbias) continue;
      nk_vf before = {0};
      if (accumulate) before = nk_load_up_to(dbias + c, rest);
      nk_store_up_to(dbias + c, before + sum, rest);
    }
    for (ptrdiff_t v = 0; v < inputs;) {
      const size_t rest = (size_t)(inputs - v);
      const bool whole = rest >= NK_GRADIENT_VECTORS * NK_WIDTH;
      for (ptrdiff_t c = 0; c < outputs; c++) {
        // A part of the next image, and of its gradient, for each channel.
        if (next) {
          const ptrdiff_t part = c * pixels / outputs;
          nk_prefetch(next + part, (size_t)((c + 1) * pixels / outputs - part));
          nk_prefetch(dy + all * outputs + c * all, (size_t)all);
          __builtin_prefetch(indices + all * outputs + c * all, 0, 2);
        }
        const nk_live *list = lists + c * step;
        float *to = sums + c * 9 * inputs + v;
        if (whole)
          NK_NAME(nk_sum_live)(NK_GRADIENT_VECTORS, s, x + v, list, counts[c],
                               NK_GRADIENT_VECTORS * NK_WIDTH, accumulate, to);
        else
          NK_NAME(nk_sum_live)(1, s, x + v, list, counts[c], rest, accumulate, to);
      }
      v += (whole ? NK_GRADIENT_VECTORS : 1) * NK_WIDTH;
      next = NULL;
    }
    accumulate = true;
  }
}

static void NK_NAME(nk_pooled_weight_gradient)(const nk_pooled_gradient *s, const float *sums,
                                               ptrdiff_t first, ptrdiff_t count,
                                               float *dweights) {
  const ptrdiff_t outputs = s->output_channels, depth = 9 * s->input_channels, end = first + count;
  for (ptrdiff_t c = first; c < end; c += NK_WIDTH) {
    const ptrdiff_t columns = end - c < NK_WIDTH ? end - c : NK_WIDTH;
    for (ptrdiff_t k = 0; k < depth; k += NK_WIDTH) {
      const ptrdiff_t rows = depth - k < NK_WIDTH ? depth - k : NK_WIDTH;
      nk_vf v[NK_WIDTH];
      NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) {
        v[i] = (nk_vf){0};
        if (i < columns) v[i] = nk_load_up_to(sums + (c + i) * depth + k, (size_t)rows);
      }
      NK_NAME(nk_transpose)(v);
      NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) if (i < rows)
          nk_store_up_to(dweights + (k + i) * outputs + c, v[i], (size_t)columns);
    }
  }
}
