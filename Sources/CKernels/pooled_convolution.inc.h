// A convolution of few channels with maxima over 2 × 2 of its pixels, vectorised over output channels.
// See include/pooled_convolution.h.

#include "maxima.h"

// Brings pixels of three channels into a line of each plane, as many as whole vectors hold; returns how
// many.
NK_INLINE ptrdiff_t NK_NAME(split_three)(const float *x, float scale, float offset,
                                         ptrdiff_t count, float *line, ptrdiff_t plane) {
  ptrdiff_t done = 0;
#if NK_WIDTH == 16
  for (; done + NK_WIDTH <= count; done += NK_WIDTH, x += 3 * NK_WIDTH) {
    NK_UNROLL for (int c = 0; c < 3; c++) {
      // Element 3 · i + c of the 48, of which the first two vectors have 32.
      nk_vi first = {0}, second = {0};
      NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) {
        first[i] = 3 * i + c < 32 ? 3 * i + c : 0;
        second[i] = 3 * i + c < 32 ? i : 3 * i + c - 16;
      }
      __m512 v = _mm512_permutex2var_ps((__m512)nk_load(x), (__m512i)first,
                                        (__m512)nk_load(x + NK_WIDTH));
      v = _mm512_permutex2var_ps(v, (__m512i)second, (__m512)nk_load(x + 2 * NK_WIDTH));
      nk_store(line + c * plane + done, (nk_vf)v * scale + offset);
    }
  }
#else
  (void)x, (void)scale, (void)offset, (void)count, (void)line, (void)plane;
#endif
  return done;
}

static void NK_NAME(nk_image_planes)(const nk_pooled_convolution *s, const float *x, float scale,
                                     float offset, ptrdiff_t height, ptrdiff_t width,
                                     ptrdiff_t top, ptrdiff_t left, float *planes) {
  const ptrdiff_t channels = s->input_channels, plane = s->lines * s->columns;
  const ptrdiff_t count = width < s->columns - left ? width : s->columns - left;
  if (top > 0 || left > 0 || top + height < s->lines || count < s->columns)
    memset(planes, 0, (size_t)(channels * plane) * sizeof(float));
  for (ptrdiff_t y = 0; y < height && top + y < s->lines; y++) {
    const float *source = x + y * width * channels;
    float *line = planes + (top + y) * s->columns + left;
    ptrdiff_t done = 0;
    if (channels == 3) done = NK_NAME(split_three)(source, scale, offset, count, line, plane);
    if (channels == 1) {
      for (; done < count; done += NK_WIDTH) {
        const size_t rest = (size_t)(count - done);
        nk_store_up_to(line + done, nk_load_up_to(source + done, rest) * scale + offset, rest);
      }
    }
    for (; done < count; done++)
      for (ptrdiff_t c = 0; c < channels; c++)
        line[c * plane + done] = source[done * channels + c] * scale + offset;
  }
}

// Windows side by side and vectors of output channels whose sums, four for each, fit the registers
// beside a factor of each kind.
#undef NK_MOST_WINDOWS
#undef NK_MOST_VECTORS
#undef NK_MOST_CHANNELS
#define NK_MOST_WINDOWS 3
#if NK_WIDTH == 16
#define NK_MOST_VECTORS 2
#else
#define NK_MOST_VECTORS 1
#endif

NK_INLINE void NK_NAME(nk_pooled_tile)(const int windows, const int vectors,
                                       const nk_pooled_convolution *s, const float *planes,
                                       const float *weights, size_t columns, const float *bias,
                                       bool relu, float *y, uint8_t *indices) {
  nk_vf sum[NK_MOST_WINDOWS][4][NK_MOST_VECTORS];
  NK_UNROLL for (int w = 0; w < windows; w++) NK_UNROLL for (int q = 0; q < 4; q++)
      NK_UNROLL for (int n = 0; n < vectors; n++) sum[w][q][n] = (nk_vf){0};
  const ptrdiff_t plane = s->lines * s->columns;
  for (ptrdiff_t ky = 0; ky < 3; ky++) {
    for (ptrdiff_t kx = 0; kx < 3; kx++) {
      const float *upper = planes + ky * s->columns + kx, *lower = upper + s->columns;
      for (ptrdiff_t c = s->input_channels; c > 0; c--) {
        nk_vf b[NK_MOST_VECTORS];
        NK_UNROLL for (int n = 0; n < vectors; n++)
            b[n] = n < vectors - 1 ? nk_load(weights + n * NK_WIDTH)
                                   : nk_load_up_to(weights + n * NK_WIDTH,
                                                   columns - (size_t)n * NK_WIDTH);
        NK_UNROLL for (int w = 0; w < windows; w++) {
          NK_UNROLL for (int q = 0; q < 4; q++) {
            nk_vf x = nk_set1((q < 2 ? upper : lower)[2 * w + q % 2]);
            NK_UNROLL for (int n = 0; n < vectors; n++) sum[w][q][n] += x * b[n];
            NK_UNROLL for (int n = 0; n < vectors; n++) NK_KEEP_ORDER(sum[w][q][n]);
          }
        }
        upper += plane;
        lower += plane;
        weights += s->output_channels;
      }
    }
  }
  NK_UNROLL for (int n = 0; n < vectors; n++) {
    const size_t rest = columns - (size_t)n * NK_WIDTH;
    nk_vf b = {0};
    if (bias) b = nk_load_up_to(bias + n * NK_WIDTH, rest);
    NK_UNROLL for (int w = 0; w < windows; w++) {
      nk_vf values[4];
      NK_UNROLL for (int q = 0; q < 4; q++) values[q] = sum[w][q][n] + b;
      const ptrdiff_t out = w * s->output_channels + n * NK_WIDTH;
      NK_NAME(store_maximum)(values, relu, rest, y + out, indices ? indices + out : NULL);
    }
  }
}

NK_INLINE void NK_NAME(nk_pooled_vectors)(const int vectors, const nk_pooled_convolution *s,
                                          const float *planes, const float *weights,
                                          size_t columns, const float *bias, bool relu, float *y,
                                          uint8_t *indices) {
  const ptrdiff_t tiles = (s->width + NK_MOST_WINDOWS - 1) / NK_MOST_WINDOWS;
  for (ptrdiff_t line = 0; line < s->height; line++) {
    for (ptrdiff_t t = 0; t < tiles; t++) {
      const ptrdiff_t first = t * s->width / tiles, end = (t + 1) * s->width / tiles;
      const float *x = planes + 2 * line * s->columns + 2 * first;
      const ptrdiff_t place = (line * s->width + first) * s->output_channels;
      float *target = y + place;
      uint8_t *bytes = indices ? indices + place : NULL;
      if (end - first == 3)
        NK_NAME(nk_pooled_tile)(3, vectors, s, x, weights, columns, bias, relu, target, bytes);
      else if (end - first == 2)
        NK_NAME(nk_pooled_tile)(2, vectors, s, x, weights, columns, bias, relu, target, bytes);
      else
        NK_NAME(nk_pooled_tile)(1, vectors, s, x, weights, columns, bias, relu, target, bytes);
    }
  }
}

static void NK_NAME(nk_pooled_convolution_forward)(const nk_pooled_convolution *s,
                                                   const float *planes, const float *weights,
                                                   const float *bias, bool relu, float *y,
                                                   uint8_t *indices) {
  for (ptrdiff_t first = 0; first < s->output_channels; first += NK_MOST_VECTORS * NK_WIDTH) {
    const size_t columns = (size_t)(s->output_channels - first);
    const float *b = bias ? bias + first : NULL;
    uint8_t *bytes = indices ? indices + first : NULL;
    if (NK_MOST_VECTORS == 2 && columns > NK_WIDTH)
      NK_NAME(nk_pooled_vectors)
      (NK_MOST_VECTORS, s, planes, weights + first, columns, b, relu, y + first, bytes);
    else
      NK_NAME(nk_pooled_vectors)
      (1, s, planes, weights + first, columns, b, relu, y + first, bytes);
  }
}

#include "pooled_winograd.inc.h"

// What the four pixels of a window see of one channel: 4 × 4 pixels.
#undef nk_patch
#define nk_patch NK_NAME(nk_patch_)
typedef struct {
  nk_vf part[16 / NK_WIDTH];
} nk_patch;

NK_INLINE nk_patch NK_NAME(load_patch)(const float *pixel, ptrdiff_t line) {
  nk_patch patch;
#if NK_WIDTH == 16
  __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(pixel));
  v = _mm512_insertf32x4(v, _mm_loadu_ps(pixel + line), 1);
  v = _mm512_insertf32x4(v, _mm_loadu_ps(pixel + 2 * line), 2);
  patch.part[0] = (nk_vf)_mm512_insertf32x4(v, _mm_loadu_ps(pixel + 3 * line), 3);
#elif NK_WIDTH == 8
  NK_UNROLL for (int i = 0; i < 2; i++, pixel += 2 * line)
      patch.part[i] = (nk_vf)_mm256_loadu2_m128(pixel + line, pixel);
#else
  NK_UNROLL for (int i = 0; i < 4; i++, pixel += line) patch.part[i] = nk_load(pixel);
#endif
  return patch;
}

// The pixels of a patch with the numbers `index`, line by line.
NK_INLINE nk_vf NK_NAME(pick)(const nk_patch *patch, nk_vi index) {
#if NK_WIDTH == 16
  return (nk_vf)_mm512_permutexvar_ps((__m512i)index, (__m512)patch->part[0]);
#elif NK_WIDTH == 8
  __m256 upper = _mm256_permutevar8x32_ps((__m256)patch->part[0], (__m256i)index);
  __m256 lower = _mm256_permutevar8x32_ps((__m256)patch->part[1], (__m256i)index);
  return (nk_vf)_mm256_blendv_ps(upper, lower, (__m256)(index > 7));
#else
  const float *pixels = (const float *)patch;
  return (nk_vf){pixels[index[0]], pixels[index[1]], pixels[index[2]], pixels[index[3]]};
#endif
}

// Input channels whose sums, nine for each, and patches fit the registers.
#if NK_WIDTH == 16
#define NK_MOST_CHANNELS 2
#else
#define NK_MOST_CHANNELS 1
#endif

// The gradient for `channels` planes and one vector of output channels. With `fetches`, those of the next
// image's windows come meanwhile, and its planes at `next`, if not NULL: images follow one another, and
// what lies behind the last is not read.
NK_INLINE void NK_NAME(nk_pooled_gradient)(const int channels, const nk_pooled_convolution *s,
                                           const float *planes, const float *dy,
                                           const uint8_t *indices, size_t rest, bool fetches,
                                           const float *next, float *dweights, float *dbias) {
  nk_vf total = {0};
  const ptrdiff_t plane = s->lines * s->columns;
  const ptrdiff_t image = s->height * s->width * s->output_channels;
  nk_vf sum[9][NK_MOST_CHANNELS];
  NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int c = 0; c < channels; c++)
      sum[k][c] =
          nk_load_up_to(dweights + (k * s->input_channels + c) * s->output_channels, rest);
  for (ptrdiff_t line = 0; line < s->height; line++) {
    const float *pixel = planes + 2 * line * s->columns;
    if (next) {
      const ptrdiff_t all = s->input_channels * plane, part = line * all / s->height;
      nk_prefetch(next + part, (size_t)((line + 1) * all / s->height - part));
    }
    for (ptrdiff_t x = 0; x < s->width; x++, pixel += 2) {
      const nk_vi place = NK_NAME(load_bytes)(indices, rest);
      const nk_vf gradient =
          (nk_vf)((nk_vi)nk_load_up_to(dy, rest) & (place < NK_NOWHERE));
      total += gradient;
      if (fetches) {
        __builtin_prefetch(dy + image, 0, 2);
        __builtin_prefetch(indices + image, 0, 2);
      }
      // From the place in a window of 2 × 2 to that in a patch of 4 × 4; NK_NOWHERE becomes one of them.
      const nk_vi corner = (place & 3) + (place & 2);
      nk_patch patch[NK_MOST_CHANNELS];
      NK_UNROLL for (int c = 0; c < channels; c++)
          patch[c] = NK_NAME(load_patch)(pixel + c * plane, s->columns);
      NK_UNROLL for (int k = 0; k < 9; k++) {
        const nk_vi index = corner + (k / 3 * 4 + k % 3);
        NK_UNROLL for (int c = 0; c < channels; c++) {
          sum[k][c] += gradient * NK_NAME(pick)(&patch[c], index);
          NK_KEEP_ORDER(sum[k][c]);
        }
      }
      dy += s->output_channels;
      indices += s->output_channels;
    }
  }
  NK_UNROLL for (int k = 0; k < 9; k++) NK_UNROLL for (int c = 0; c < channels; c++)
      nk_store_up_to(dweights + (k * s->input_channels + c) * s->output_channels, sum[k][c],
                     rest);
  if (dbias) nk_store_up_to(dbias, nk_load_up_to(dbias, rest) + total, rest);
}

// All planes, for one vector of output channels.
NK_INLINE void NK_NAME(nk_pooled_gradients)(const nk_pooled_convolution *s, const float *planes,
                                            const float *dy, const uint8_t *indices, size_t rest,
                                            const float *next, float *dweights, float *dbias) {
  for (ptrdiff_t c = 0; c < s->input_channels;) {
    const float *x = planes + c * s->lines * s->columns;
    float *target = dweights + c * s->output_channels;
    if (NK_MOST_CHANNELS == 2 && s->input_channels - c >= 2) {
      NK_NAME(nk_pooled_gradient)
      (NK_MOST_CHANNELS, s, x, dy, indices, rest, c == 0, next, target, dbias);
      c += 2;
    } else {
      NK_NAME(nk_pooled_gradient)(1, s, x, dy, indices, rest, c == 0, next, target, dbias);
      c += 1;
    }
    next = NULL;
    dbias = NULL;
  }
}

static void NK_NAME(nk_pooled_convolution_backward_weights)(const nk_pooled_convolution *s,
                                                            const float *planes, const float *dy,
                                                            const uint8_t *indices,
                                                            float *dweights, float *dbias) {
  for (ptrdiff_t first = 0; first < s->output_channels; first += NK_WIDTH) {
    const size_t rest = (size_t)(s->output_channels - first);
    float *bias = dbias ? dbias + first : NULL;
    const float *next = first == 0 ? planes + s->input_channels * s->lines * s->columns : NULL;
    if (rest >= NK_WIDTH)
      NK_NAME(nk_pooled_gradients)
      (s, planes, dy + first, indices + first, NK_WIDTH, next, dweights + first, bias);
    else
      NK_NAME(nk_pooled_gradients)
      (s, planes, dy + first, indices + first, rest, next, dweights + first, bias);
  }
}
