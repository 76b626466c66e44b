// Depthwise convolution, vectorised over channels. See include/depthwise.h.

// Places (ky0..<ky1, kx0..<kx1) of the window are inside of the image.
NK_INLINE void NK_NAME(depthwise_pixel)(const nk_window *w, const float *pixel,
                                        const float *weights, ptrdiff_t ky0, ptrdiff_t ky1,
                                        ptrdiff_t kx0, ptrdiff_t kx1, int vectors, float *y) {
  const ptrdiff_t channels = w->input_channels;
  nk_vf sums[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) sums[v] = nk_set1(0);
  for (ptrdiff_t ky = ky0; ky < ky1; ky++) {
    for (ptrdiff_t kx = kx0; kx < kx1; kx++) {
      const float *x =
          pixel + (ky * w->dilation_y * w->input_width + kx * w->dilation_x) * channels;
      const float *weight = weights + (ky * w->kernel_width + kx) * channels;
      NK_UNROLL for (int v = 0; v < vectors; v++) {
        sums[v] += nk_load(x + v * NK_WIDTH) * nk_load(weight + v * NK_WIDTH);
      }
    }
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) nk_store(y + v * NK_WIDTH, sums[v]);
}

static void NK_NAME(nk_depthwise_forward)(const nk_window *window, const float *x,
                                          const float *weights, size_t first_row, size_t rows,
                                          float *y) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.output_height;
    const ptrdiff_t iy0 = row % w.output_height * w.stride_y - w.padding_top;
    ptrdiff_t ky0 = 0, ky1 = w.kernel_height;
    while (ky0 < ky1 && iy0 + ky0 * w.dilation_y < 0) ky0++;
    while (ky1 > ky0 && iy0 + (ky1 - 1) * w.dilation_y >= w.input_height) ky1--;
    for (ptrdiff_t ox = 0; ox < w.output_width; ox++) {
      const ptrdiff_t ix0 = ox * w.stride_x - w.padding_left;
      ptrdiff_t kx0 = 0, kx1 = w.kernel_width;
      while (kx0 < kx1 && ix0 + kx0 * w.dilation_x < 0) kx0++;
      while (kx1 > kx0 && ix0 + (kx1 - 1) * w.dilation_x >= w.input_width) kx1--;
      const float *pixel = x + ((image * w.input_height + iy0) * w.input_width + ix0) * channels;
      float *to = y + (row * w.output_width + ox) * channels;
      ptrdiff_t c = 0;
      for (; c + 4 * NK_WIDTH <= channels; c += 4 * NK_WIDTH) {
        NK_NAME(depthwise_pixel)(&w, pixel + c, weights + c, ky0, ky1, kx0, kx1, 4, to + c);
      }
      for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
        NK_NAME(depthwise_pixel)(&w, pixel + c, weights + c, ky0, ky1, kx0, kx1, 1, to + c);
      }
      for (; c < channels; c++) {
        float sum = 0;
        for (ptrdiff_t ky = ky0; ky < ky1; ky++) {
          for (ptrdiff_t kx = kx0; kx < kx1; kx++) {
            sum += pixel[(ky * w.dilation_y * w.input_width + kx * w.dilation_x) * channels + c] *
                   weights[(ky * w.kernel_width + kx) * channels + c];
          }
        }
        to[c] = sum;
      }
    }
  }
}

// The output pixel whose window begins `distance` (padding included) from the edge, or `count` if
// there is none. Divides only where there is a stride.
NK_INLINE ptrdiff_t NK_NAME(seer)(ptrdiff_t distance, ptrdiff_t stride, ptrdiff_t count) {
  if (distance < 0) return count;
  if (stride == 1) return distance < count ? distance : count;
  const ptrdiff_t quotient = distance / stride;
  return quotient * stride == distance && quotient < count ? quotient : count;
}

static void NK_NAME(nk_depthwise_backward_data)(const nk_window *window, const float *dz,
                                                const float *weights, size_t first_row,
                                                size_t rows, bool accumulate, float *dx) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.input_height;
    const ptrdiff_t iy = row % w.input_height;
    for (ptrdiff_t ix = 0; ix < w.input_width; ix++) {
      float *to = dx + (row * w.input_width + ix) * channels;
      if (!accumulate) memset(to, 0, (size_t)channels * sizeof(float));
      for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++) {
        const ptrdiff_t oy =
            NK_NAME(seer)(iy + w.padding_top - ky * w.dilation_y, w.stride_y, w.output_height);
        if (oy == w.output_height) continue;
        for (ptrdiff_t kx = 0; kx < w.kernel_width; kx++) {
          const ptrdiff_t ox =
              NK_NAME(seer)(ix + w.padding_left - kx * w.dilation_x, w.stride_x, w.output_width);
          if (ox == w.output_width) continue;
          const float *from = dz + ((image * w.output_height + oy) * w.output_width + ox) * channels;
          const float *weight = weights + (ky * w.kernel_width + kx) * channels;
          ptrdiff_t c = 0;
          for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
            nk_store(to + c, nk_load(to + c) + nk_load(from + c) * nk_load(weight + c));
          }
          for (; c < channels; c++) to[c] += from[c] * weight[c];
        }
      }
    }
  }
}

static void NK_NAME(nk_depthwise_backward_weights)(const nk_window *window, const float *x,
                                                   const float *dz, size_t first_row, size_t rows,
                                                   float *dweights) {
  const nk_window w = *window;
  const ptrdiff_t channels = w.input_channels;
  const ptrdiff_t step = w.stride_x * channels;
  for (ptrdiff_t row = (ptrdiff_t)first_row; row < (ptrdiff_t)(first_row + rows); row++) {
    const ptrdiff_t image = row / w.output_height;
    const ptrdiff_t iy0 = row % w.output_height * w.stride_y - w.padding_top;
    const float *gradients = dz + row * w.output_width * channels;
    for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++) {
      const ptrdiff_t iy = iy0 + ky * w.dilation_y;
      if (iy < 0 || iy >= w.input_height) continue;
      for (ptrdiff_t kx = 0; kx < w.kernel_width; kx++) {
        const ptrdiff_t offset = kx * w.dilation_x - w.padding_left;
        ptrdiff_t begin = 0, end = w.output_width;
        while (begin < end && begin * w.stride_x + offset < 0) begin++;
        while (end > begin && (end - 1) * w.stride_x + offset >= w.input_width) end--;
        if (begin == end) continue;
        const float *pixels =
            x + ((image * w.input_height + iy) * w.input_width + begin * w.stride_x + offset) *
                    channels;
        float *to = dweights + (ky * w.kernel_width + kx) * channels;
        ptrdiff_t c = 0;
        for (; c + NK_WIDTH <= channels; c += NK_WIDTH) {
          nk_vf sum = nk_load(to + c);
          for (ptrdiff_t i = 0; i < end - begin; i++) {
            sum += nk_load(pixels + i * step + c) * nk_load(gradients + (begin + i) * channels + c);
          }
          nk_store(to + c, sum);
        }
        for (; c < channels; c++) {
          float sum = to[c];
          for (ptrdiff_t i = 0; i < end - begin; i++) {
            sum += pixels[i * step + c] * gradients[(begin + i) * channels + c];
          }
          to[c] = sum;
        }
      }
    }
  }
}
