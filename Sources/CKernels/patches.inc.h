// im2row and row2im. See include/patches.h.

// Runs are as short as 3 floats, where a call of memcpy costs more than the copy: hence the
// cascade of constant sizes. The last vector of a longer run overlaps the one before.
NK_INLINE void NK_NAME(copy_run)(float *to, const float *from, ptrdiff_t count) {
  if (count >= NK_WIDTH) {
    ptrdiff_t i = 0;
    for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(to + i, nk_load(from + i));
    if (i < count) nk_store(to + count - NK_WIDTH, nk_load(from + count - NK_WIDTH));
    return;
  }
  if (count & 8) {
    __builtin_memcpy(to, from, 32);
    to += 8, from += 8;
  }
  if (count & 4) {
    __builtin_memcpy(to, from, 16);
    to += 4, from += 4;
  }
  if (count & 2) {
    __builtin_memcpy(to, from, 8);
    to += 2, from += 2;
  }
  if (count & 1) *to = *from;
}

NK_INLINE void NK_NAME(clear_run)(float *to, ptrdiff_t count) {
  if (count > 0) memset(to, 0, (size_t)count * sizeof(float));
}

NK_INLINE void NK_NAME(add_run)(float *to, const float *from, ptrdiff_t count) {
  ptrdiff_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_store(to + i, nk_load(to + i) + nk_load(from + i));
  }
  for (; i < count; i++) to[i] += from[i];
}

static void NK_NAME(nk_gather_patches)(const nk_window *window, const float *x, ptrdiff_t channels,
                                       size_t first_row, size_t rows, float *patches) {
  const nk_window w = *window;
  const ptrdiff_t pixels = w.output_height * w.output_width;
  const ptrdiff_t line = w.kernel_width * channels;
  const int contiguous = channels == w.input_channels && w.dilation_x == 1;
  ptrdiff_t image = (ptrdiff_t)first_row / pixels;
  ptrdiff_t oy = (ptrdiff_t)first_row % pixels / w.output_width;
  ptrdiff_t ox = (ptrdiff_t)first_row % w.output_width;
  for (size_t row = 0; row < rows; row++) {
    const ptrdiff_t iy0 = oy * w.stride_y - w.padding_top;
    const ptrdiff_t ix0 = ox * w.stride_x - w.padding_left;
    const float *pixel =
        x + ((image * w.input_height + iy0) * w.input_width + ix0) * w.input_channels;
    for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++, patches += line) {
      const ptrdiff_t iy = iy0 + ky * w.dilation_y;
      if (iy < 0 || iy >= w.input_height) {
        NK_NAME(clear_run)(patches, line);
        continue;
      }
      const float *from = pixel + ky * w.dilation_y * w.input_width * w.input_channels;
      if (contiguous) {
        ptrdiff_t begin = ix0 < 0 ? -ix0 : 0;
        ptrdiff_t end = w.input_width - ix0 < w.kernel_width ? w.input_width - ix0 : w.kernel_width;
        if (begin == 0 && end == w.kernel_width) {
          NK_NAME(copy_run)(patches, from, line);
        } else if (begin >= end) {
          NK_NAME(clear_run)(patches, line);
        } else {
          NK_NAME(clear_run)(patches, begin * channels);
          NK_NAME(copy_run)
          (patches + begin * channels, from + begin * channels, (end - begin) * channels);
          NK_NAME(clear_run)(patches + end * channels, line - end * channels);
        }
      } else {
        for (ptrdiff_t kx = 0; kx < w.kernel_width; kx++) {
          const ptrdiff_t ix = ix0 + kx * w.dilation_x;
          if (ix < 0 || ix >= w.input_width) {
            NK_NAME(clear_run)(patches + kx * channels, channels);
          } else {
            NK_NAME(copy_run)
            (patches + kx * channels, from + kx * w.dilation_x * w.input_channels, channels);
          }
        }
      }
    }
    if (++ox == w.output_width) {
      ox = 0;
      if (++oy == w.output_height) {
        oy = 0;
        image++;
      }
    }
  }
}

static void NK_NAME(nk_scatter_patches)(const nk_window *window, const float *patches,
                                        ptrdiff_t channels, size_t first_row, size_t rows,
                                        ptrdiff_t top, ptrdiff_t bottom, float *dx) {
  const nk_window w = *window;
  const ptrdiff_t pixels = w.output_height * w.output_width;
  const ptrdiff_t line = w.kernel_width * channels;
  const int contiguous = channels == w.input_channels && w.dilation_x == 1;
  ptrdiff_t image = (ptrdiff_t)first_row / pixels;
  ptrdiff_t oy = (ptrdiff_t)first_row % pixels / w.output_width;
  ptrdiff_t ox = (ptrdiff_t)first_row % w.output_width;
  for (size_t row = 0; row < rows; row++) {
    const ptrdiff_t iy0 = oy * w.stride_y - w.padding_top;
    const ptrdiff_t ix0 = ox * w.stride_x - w.padding_left;
    float *pixel = dx + ((image * w.input_height + iy0) * w.input_width + ix0) * w.input_channels;
    for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++, patches += line) {
      const ptrdiff_t iy = iy0 + ky * w.dilation_y;
      if (iy < top || iy >= bottom) continue;
      float *to = pixel + ky * w.dilation_y * w.input_width * w.input_channels;
      if (contiguous) {
        ptrdiff_t begin = ix0 < 0 ? -ix0 : 0;
        ptrdiff_t end = w.input_width - ix0 < w.kernel_width ? w.input_width - ix0 : w.kernel_width;
        NK_NAME(add_run)
        (to + begin * channels, patches + begin * channels, (end - begin) * channels);
      } else {
        for (ptrdiff_t kx = 0; kx < w.kernel_width; kx++) {
          const ptrdiff_t ix = ix0 + kx * w.dilation_x;
          if (ix < 0 || ix >= w.input_width) continue;
          NK_NAME(add_run)
          (to + kx * w.dilation_x * w.input_channels, patches + kx * channels, channels);
        }
      }
    }
    if (++ox == w.output_width) {
      ox = 0;
      if (++oy == w.output_height) {
        oy = 0;
        image++;
      }
    }
  }
}
