// Operations that treat every element alike.

static void NK_NAME(nk_affine)(size_t count, const float *x, float scale, float offset,
                               float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(x + i) * scale + offset);
  if (i < count)
    nk_store_part(y + i, nk_load_part(x + i, count - i) * scale + offset, count - i);
}

NK_INLINE void NK_NAME(nk_affine_row)(size_t count, const float *x, const float *scale,
                                      const float *offset, float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH)
    nk_store(y + i, nk_load(x + i) * nk_load(scale + i) + nk_load(offset + i));
  if (i < count) {
    size_t rest = count - i;
    nk_vf v = nk_load_part(x + i, rest) * nk_load_part(scale + i, rest);
    nk_store_part(y + i, v + nk_load_part(offset + i, rest), rest);
  }
}

static void NK_NAME(nk_affine_channels)(size_t rows, size_t channels, const float *x,
                                        const float *scale, const float *offset, float *y) {
  // Rows of few channels are laid side by side, so that vectors are full.
  enum { block = 1024 };
  if (channels < 128 && rows > 1) {
    float scales[block], offsets[block];
    size_t group = block / channels < rows ? block / channels : rows;
    for (size_t r = 0; r < group; r++) {
      for (size_t c = 0; c < channels; c++) {
        scales[r * channels + c] = scale[c];
        offsets[r * channels + c] = offset[c];
      }
    }
    for (size_t r = 0; r < rows; r += group) {
      size_t n = group < rows - r ? group : rows - r;
      NK_NAME(nk_affine_row)(n * channels, x + r * channels, scales, offsets, y + r * channels);
    }
    return;
  }
  for (size_t r = 0; r < rows; r++)
    NK_NAME(nk_affine_row)(channels, x + r * channels, scale, offset, y + r * channels);
}

static void NK_NAME(nk_add)(size_t count, const float *x, float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(y + i) + nk_load(x + i));
  if (i < count) {
    size_t rest = count - i;
    nk_store_part(y + i, nk_load_part(y + i, rest) + nk_load_part(x + i, rest), rest);
  }
}

static void NK_NAME(nk_scale)(size_t count, float factor, float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(y + i) * factor);
  if (i < count) nk_store_part(y + i, nk_load_part(y + i, count - i) * factor, count - i);
}

static void NK_NAME(nk_fill)(size_t count, float value, float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_set1(value));
  if (i < count) nk_store_part(y + i, nk_set1(value), count - i);
}
