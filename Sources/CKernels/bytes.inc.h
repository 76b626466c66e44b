// Loops over the bytes of images: see bytes.h. Included once per instruction set.
//
// Plain loops: the compiler turns them into vectors of the instruction set, and integer sums have
// the same bits in any order.

static void NK_NAME(nk_bytes_to_floats)(const uint8_t *restrict source,
                                        float *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] = (float)source[i];
}

static void NK_NAME(nk_gather_bytes_to_floats)(const uint8_t *restrict source, size_t size,
                                               const int64_t *restrict indices, size_t rows,
                                               float *restrict destination) {
  enum { ahead = 2, line = 64 };
  for (size_t r = 0; r < rows; r++) {
    if (r + ahead < rows) {
      const uint8_t *next = source + (size_t)indices[r + ahead] * size;
      // The processor itself follows a row once its first lines have been asked for.
      size_t reach = size < 16 * line ? size : 16 * line;
      for (size_t i = 0; i < reach; i += line) __builtin_prefetch(next + i);
    }
    NK_NAME(nk_bytes_to_floats)(source + (size_t)indices[r] * size, destination + r * size, size);
  }
}

static void NK_NAME(nk_interleave_planes)(const uint8_t *restrict source,
                                          uint8_t *restrict destination, size_t pixels,
                                          size_t channels) {
  if (channels == 3) {
    const uint8_t *red = source, *green = source + pixels, *blue = source + 2 * pixels;
    for (size_t p = 0; p < pixels; p++) {
      destination[3 * p] = red[p];
      destination[3 * p + 1] = green[p];
      destination[3 * p + 2] = blue[p];
    }
    return;
  }
  for (size_t c = 0; c < channels; c++)
    for (size_t p = 0; p < pixels; p++) destination[p * channels + c] = source[c * pixels + p];
}

static void NK_NAME(nk_resample_row)(const uint8_t *restrict source, const int32_t *restrict first,
                                     const int32_t *restrict weights, size_t taps, size_t width,
                                     size_t channels, uint16_t *restrict destination) {
  const int32_t half = 1 << 14;
  for (size_t x = 0; x < width; x++) {
    const uint8_t *pixel = source + (size_t)first[x] * channels;
    const int32_t *weight = weights + x * taps;
    if (channels == 3) {
      int32_t red = half, green = half, blue = half;
      for (size_t k = 0; k < taps; k++) {
        red += weight[k] * pixel[3 * k];
        green += weight[k] * pixel[3 * k + 1];
        blue += weight[k] * pixel[3 * k + 2];
      }
      destination[3 * x] = (uint16_t)(red >> 15);
      destination[3 * x + 1] = (uint16_t)(green >> 15);
      destination[3 * x + 2] = (uint16_t)(blue >> 15);
      continue;
    }
    for (size_t c = 0; c < channels; c++) {
      int32_t sum = half;
      for (size_t k = 0; k < taps; k++) sum += weight[k] * pixel[k * channels + c];
      destination[x * channels + c] = (uint16_t)(sum >> 15);
    }
  }
}

static void NK_NAME(nk_blend_rows)(const uint16_t *restrict rows, size_t stride,
                                   const int32_t *restrict weights, size_t taps, size_t count,
                                   uint8_t *restrict destination) {
  enum { block = 64 };
  for (size_t start = 0; start < count; start += block) {
    size_t length = count - start < block ? count - start : block;
    int32_t sums[block];
    for (size_t i = 0; i < length; i++) sums[i] = 1 << 21;
    for (size_t k = 0; k < taps; k++) {
      const uint16_t *row = rows + k * stride + start;
      for (size_t i = 0; i < length; i++) sums[i] += weights[k] * row[i];
    }
    for (size_t i = 0; i < length; i++) destination[start + i] = (uint8_t)(sums[i] >> 22);
  }
}
