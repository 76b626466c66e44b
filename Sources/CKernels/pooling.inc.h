// Pooling, vectorised over channels. See include/pooling.h.
//
// Backward passes gather: every input pixel asks the windows that see it. So a pixel is written
// once, by one thread, and the order of its sum is fixed.

#include "maxima.h"

// What one output pixel sees of an image: places [ky0, ky1) × [kx0, kx1).
#undef nk_span
#define nk_span NK_NAME(nk_span_)
typedef struct {
  ptrdiff_t begin, end;
} nk_span;

NK_INLINE nk_span NK_NAME(places)(ptrdiff_t origin, ptrdiff_t kernel, ptrdiff_t size) {
  nk_span span = {origin < 0 ? -origin : 0, size - origin < kernel ? size - origin : kernel};
  return span;
}

// The output pixels that see the input pixel at `position` (with its padding), and how that goes on
// from pixel to pixel without a division.
#undef nk_seers
#define nk_seers NK_NAME(nk_seers_)
typedef struct {
  ptrdiff_t begin, end;            // the output pixels
  ptrdiff_t begin_goes, end_goes;  // the positions where begin and end become one more
  ptrdiff_t stride, count;
} nk_seers;

NK_INLINE nk_seers NK_NAME(seers)(ptrdiff_t position, ptrdiff_t kernel, ptrdiff_t stride,
                                  ptrdiff_t count) {
  nk_seers seers = {position < kernel ? 0 : (position - kernel) / stride + 1,
                    position / stride + 1, 0, 0, stride, count};
  seers.begin_goes = kernel + seers.begin * stride;
  seers.end_goes = seers.end * stride;
  if (seers.end > count) seers.end = count;
  return seers;
}

// The seers of the next pixel, at `position`.
NK_INLINE void NK_NAME(advance)(nk_seers *seers, ptrdiff_t position) {
  if (position == seers->begin_goes) {
    seers->begin++;
    seers->begin_goes += seers->stride;
  }
  if (position == seers->end_goes) {
    seers->end += seers->end < seers->count;
    seers->end_goes += seers->stride;
  }
}

// A window of 2 × 2 inside the image. Returns how many channels were done: whole vectors.
NK_INLINE ptrdiff_t NK_NAME(max_pool_2x2)(const float *pixel, ptrdiff_t line, ptrdiff_t channels,
                                          float *y, uint8_t *indices) {
  ptrdiff_t c = 0;
  for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
    nk_vf best = nk_load(pixel + c);
    nk_vi where = {0};
    NK_NAME(larger)(&best, &where, nk_load(pixel + channels + c), 1);
    NK_NAME(larger)(&best, &where, nk_load(pixel + line + c), 2);
    NK_NAME(larger)(&best, &where, nk_load(pixel + line + channels + c), 3);
    nk_store(y + c, best);
    *(nk_vb *)(indices + c) = __builtin_convertvector(where, nk_vb);
  }
  return c;
}

static void NK_NAME(nk_max_pool_forward)(const nk_window *window, const float *x, size_t first_row,
                                         size_t rows, float *y, uint8_t *indices) {
  const nk_window w = *window;
  const bool is_2x2 = w.kernel_height == 2 && w.kernel_width == 2 && w.padding_top == 0 &&
                      w.padding_left == 0 && (w.output_height - 1) * w.stride_y + 2 <= w.input_height &&
                      (w.output_width - 1) * w.stride_x + 2 <= w.input_width;
  const ptrdiff_t channels = w.input_channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.output_height;
    const ptrdiff_t iy0 = row % w.output_height * w.stride_y - w.padding_top;
    const nk_span spanY = NK_NAME(places)(iy0, w.kernel_height, w.input_height);
    for (ptrdiff_t ox = 0; ox < w.output_width; ox++) {
      const ptrdiff_t ix0 = ox * w.stride_x - w.padding_left;
      const nk_span spanX = NK_NAME(places)(ix0, w.kernel_width, w.input_width);
      const float *pixel = x + ((image * w.input_height + iy0) * w.input_width + ix0) * channels;
      const ptrdiff_t out = (row * w.output_width + ox) * channels;
      const int32_t first = (int32_t)(spanY.begin * w.kernel_width + spanX.begin);
      const ptrdiff_t start = (spanY.begin * w.input_width + spanX.begin) * channels;
      ptrdiff_t c = 0;
      if (is_2x2)
        c = NK_NAME(max_pool_2x2)(pixel, w.input_width * channels, channels, y + out, indices + out);
      for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
        nk_vf best = nk_load(pixel + start + c);
        nk_vi where = (nk_vi){0} + first;
        for (ptrdiff_t ky = spanY.begin; ky < spanY.end; ky++) {
          for (ptrdiff_t kx = spanX.begin; kx < spanX.end; kx++) {
            const nk_vf value = nk_load(pixel + (ky * w.input_width + kx) * channels + c);
            NK_NAME(larger)(&best, &where, value, (int32_t)(ky * w.kernel_width + kx));
          }
        }
        nk_store(y + out + c, best);
        *(nk_vb *)(indices + out + c) = __builtin_convertvector(where, nk_vb);
      }
      for (; c < channels; c++) {
        float best = pixel[start + c];
        int32_t where = first;
        for (ptrdiff_t ky = spanY.begin; ky < spanY.end; ky++) {
          for (ptrdiff_t kx = spanX.begin; kx < spanX.end; kx++) {
            const float value = pixel[(ky * w.input_width + kx) * channels + c];
            if (value > best || value != value) {
              best = value;
              where = (int32_t)(ky * w.kernel_width + kx);
            }
          }
        }
        y[out + c] = best;
        indices[out + c] = (uint8_t)where;
      }
    }
  }
}

static void NK_NAME(nk_mark_rectified)(size_t count, const float *y, uint8_t *indices) {
  for (size_t i = 0; i < count; i += NK_WIDTH) {
    const size_t rest = count - i;
    const nk_vi is_cut = nk_load_up_to(y + i, rest) <= (nk_vf){0};
    NK_NAME(store_bytes)
    (indices + i, NK_NAME(load_bytes)(indices + i, rest) | (is_cut & NK_NOWHERE), rest);
  }
}

// One line of input pixels of windows side by side, without padding: each output pixel gives to one
// pixel of the line, or to none. Only whole vectors of channels.
NK_INLINE void NK_NAME(max_pool_backward_line)(const nk_window *w, const float *dy,
                                               const uint8_t *indices, ptrdiff_t row,
                                               bool accumulate, float *dx) {
  const ptrdiff_t channels = w->input_channels, kernel = w->kernel_width;
  const ptrdiff_t oy = row % w->input_height / w->kernel_height;
  float *to = dx + row * w->input_width * channels;
  const ptrdiff_t covered = oy < w->output_height ? w->output_width * kernel : 0;
  if (!accumulate)
    memset(to + covered * channels, 0,
           (size_t)((w->input_width - covered) * channels) * sizeof(float));
  if (covered == 0) return;
  const ptrdiff_t line = row / w->input_height * w->output_height + oy;
  const int32_t first = (int32_t)(row % w->input_height % w->kernel_height * kernel);
  const ptrdiff_t from = line * w->output_width * channels;
  for (ptrdiff_t ox = 0; ox < w->output_width; ox++) {
    for (ptrdiff_t c = 0; c < channels; c += NK_WIDTH) {
      const ptrdiff_t source = from + ox * channels + c;
      const nk_vf gradient = nk_load(dy + source);
      const nk_vi place = __builtin_convertvector(*(const nk_vb *)(indices + source), nk_vi) - first;
      for (ptrdiff_t kx = 0; kx < kernel; kx++) {
        const nk_vi taken = place == (nk_vi){0} + (int32_t)kx;
        const nk_vf given = (nk_vf)((nk_vi)gradient & taken);
        float *out = to + (ox * kernel + kx) * channels + c;
        nk_store(out, accumulate ? nk_load(out) + given : given);
      }
    }
  }
}

static void NK_NAME(nk_max_pool_backward)(const nk_window *window, const float *dy,
                                          const uint8_t *indices, size_t first_row, size_t rows,
                                          bool accumulate, float *dx) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  const bool side_by_side = w.stride_y == w.kernel_height && w.stride_x == w.kernel_width &&
                            w.padding_top == 0 && w.padding_left == 0 &&
                            w.output_width * w.kernel_width <= w.input_width &&
                            w.output_height * w.kernel_height <= w.input_height &&
                            channels % NK_WIDTH == 0;
  if (side_by_side) {
    for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++)
      NK_NAME(max_pool_backward_line)(&w, dy, indices, row, accumulate, dx);
    return;
  }
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.input_height;
    const ptrdiff_t py = row % w.input_height + w.padding_top;
    const nk_seers spanY = NK_NAME(seers)(py, w.kernel_height, w.stride_y, w.output_height);
    nk_seers spanX =
        NK_NAME(seers)(w.padding_left, w.kernel_width, w.stride_x, w.output_width);
    for (ptrdiff_t ix = 0; ix < w.input_width; ix++) {
      const ptrdiff_t px = ix + w.padding_left;
      if (ix > 0) NK_NAME(advance)(&spanX, px);
      float *to = dx + (row * w.input_width + ix) * channels;
      ptrdiff_t c = 0;
      for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
        nk_vf sum = accumulate ? nk_load(to + c) : nk_set1(0);
        for (ptrdiff_t oy = spanY.begin; oy < spanY.end; oy++) {
          for (ptrdiff_t ox = spanX.begin; ox < spanX.end; ox++) {
            const ptrdiff_t from = ((image * w.output_height + oy) * w.output_width + ox) * channels;
            const int32_t place =
                (int32_t)((py - oy * w.stride_y) * w.kernel_width + (px - ox * w.stride_x));
            const nk_vi taken =
                __builtin_convertvector(*(const nk_vb *)(indices + from + c), nk_vi) ==
                (nk_vi){0} + place;
            sum += (nk_vf)((nk_vi)nk_load(dy + from + c) & taken);
          }
        }
        nk_store(to + c, sum);
      }
      for (; c < channels; c++) {
        float sum = accumulate ? to[c] : 0;
        for (ptrdiff_t oy = spanY.begin; oy < spanY.end; oy++) {
          for (ptrdiff_t ox = spanX.begin; ox < spanX.end; ox++) {
            const ptrdiff_t from = ((image * w.output_height + oy) * w.output_width + ox) * channels;
            const int32_t place =
                (int32_t)((py - oy * w.stride_y) * w.kernel_width + (px - ox * w.stride_x));
            if (indices[from + c] == place) sum += dy[from + c];
          }
        }
        to[c] = sum;
      }
    }
  }
}

static void NK_NAME(nk_average_pool_forward)(const nk_window *window, const float *x,
                                             size_t first_row, size_t rows, float *y) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.output_height;
    const ptrdiff_t iy0 = row % w.output_height * w.stride_y - w.padding_top;
    const nk_span spanY = NK_NAME(places)(iy0, w.kernel_height, w.input_height);
    for (ptrdiff_t ox = 0; ox < w.output_width; ox++) {
      const ptrdiff_t ix0 = ox * w.stride_x - w.padding_left;
      const nk_span spanX = NK_NAME(places)(ix0, w.kernel_width, w.input_width);
      const float count = (float)((spanY.end - spanY.begin) * (spanX.end - spanX.begin));
      const float *pixel = x + ((image * w.input_height + iy0) * w.input_width + ix0) * channels;
      float *to = y + (row * w.output_width + ox) * channels;
      ptrdiff_t c = 0;
      for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
        nk_vf sum = nk_set1(0);
        for (ptrdiff_t ky = spanY.begin; ky < spanY.end; ky++) {
          for (ptrdiff_t kx = spanX.begin; kx < spanX.end; kx++) {
            sum += nk_load(pixel + (ky * w.input_width + kx) * channels + c);
          }
        }
        nk_store(to + c, sum / count);
      }
      for (; c < channels; c++) {
        float sum = 0;
        for (ptrdiff_t ky = spanY.begin; ky < spanY.end; ky++) {
          for (ptrdiff_t kx = spanX.begin; kx < spanX.end; kx++) {
            sum += pixel[(ky * w.input_width + kx) * channels + c];
          }
        }
        to[c] = sum / count;
      }
    }
  }
}

static void NK_NAME(nk_average_pool_backward)(const nk_window *window, const float *dy,
                                              size_t first_row, size_t rows, bool accumulate,
                                              float *dx) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.input_height;
    const ptrdiff_t py = row % w.input_height + w.padding_top;
    const nk_seers spanY = NK_NAME(seers)(py, w.kernel_height, w.stride_y, w.output_height);
    nk_seers spanX =
        NK_NAME(seers)(w.padding_left, w.kernel_width, w.stride_x, w.output_width);
    for (ptrdiff_t ix = 0; ix < w.input_width; ix++) {
      const ptrdiff_t px = ix + w.padding_left;
      if (ix > 0) NK_NAME(advance)(&spanX, px);
      float *to = dx + (row * w.input_width + ix) * channels;
      if (!accumulate) memset(to, 0, (size_t)channels * sizeof(float));
      for (ptrdiff_t oy = spanY.begin; oy < spanY.end; oy++) {
        const nk_span seenY =
            NK_NAME(places)(oy * w.stride_y - w.padding_top, w.kernel_height, w.input_height);
        for (ptrdiff_t ox = spanX.begin; ox < spanX.end; ox++) {
          const nk_span seenX =
              NK_NAME(places)(ox * w.stride_x - w.padding_left, w.kernel_width, w.input_width);
          const float count = (float)((seenY.end - seenY.begin) * (seenX.end - seenX.begin));
          const float *from =
              dy + ((image * w.output_height + oy) * w.output_width + ox) * channels;
          ptrdiff_t c = 0;
          for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
            nk_store(to + c, nk_load(to + c) + nk_load(from + c) / count);
          }
          for (; c < channels; c++) to[c] += from[c] / count;
        }
      }
    }
  }
}

static void NK_NAME(nk_column_maxima)(const float *x, size_t rows, size_t columns, float *y,
                                      int32_t *indices) {
  size_t c = 0;
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
    nk_vf best = nk_load(x + c);
    nk_vi where = {0};
    for (size_t row = 0; row < rows; row++) {
      NK_NAME(larger)(&best, &where, nk_load(x + row * columns + c), (int32_t)row);
    }
    nk_store(y + c, best);
    *(nk_vi *)(indices + c) = where;
  }
  for (; c < columns; c++) {
    float best = x[c];
    int32_t where = 0;
    for (size_t row = 0; row < rows; row++) {
      const float value = x[row * columns + c];
      if (value > best || value != value) {
        best = value;
        where = (int32_t)row;
      }
    }
    y[c] = best;
    indices[c] = where;
  }
}

static void NK_NAME(nk_divide)(float *y, size_t count, float divisor) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(y + i) / divisor);
  for (; i < count; i++) y[i] /= divisor;
}

static void NK_NAME(nk_spread_row)(const float *dy, size_t rows, size_t columns, float divisor,
                                   bool accumulate, float *dx) {
  size_t c = 0;
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
    const nk_vf share = nk_load(dy + c) / divisor;
    for (size_t row = 0; row < rows; row++) {
      float *to = dx + row * columns + c;
      nk_store(to, accumulate ? nk_load(to) + share : share);
    }
  }
  for (; c < columns; c++) {
    const float share = dy[c] / divisor;
    for (size_t row = 0; row < rows; row++) {
      float *to = dx + row * columns + c;
      *to = accumulate ? *to + share : share;
    }
  }
}
