// Batch normalization, vectorised over columns. See include/batch_normalization.h.

NK_INLINE void NK_NAME(moments_vectors)(const float *x, size_t rows, size_t columns, int vectors,
                                        float *mean, float *squares) {
  // Summed relative to the first row, for a mean far from zero would cost the sum its last bits.
  nk_vf sums[4], centers[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    sums[v] = nk_set1(0);
    centers[v] = nk_load(x + v * NK_WIDTH);
  }
  for (size_t row = 1; row < rows; row++) {
    NK_UNROLL for (int v = 0; v < vectors; v++) {
      sums[v] += nk_load(x + row * columns + v * NK_WIDTH) - centers[v];
    }
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    centers[v] += sums[v] / (float)rows;
    sums[v] = nk_set1(0);
  }
  for (size_t row = 0; row < rows; row++) {
    NK_UNROLL for (int v = 0; v < vectors; v++) {
      const nk_vf deviation = nk_load(x + row * columns + v * NK_WIDTH) - centers[v];
      sums[v] += deviation * deviation;
    }
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    nk_store(mean + v * NK_WIDTH, centers[v]);
    nk_store(squares + v * NK_WIDTH, sums[v]);
  }
}

NK_INLINE void NK_NAME(moments_scalar)(const float *x, size_t rows, size_t columns, float *mean,
                                       float *squares) {
  float sum[4] = {0, 0, 0, 0};
  for (size_t row = 1; row < rows; row++) sum[row & 3] += x[row * columns] - x[0];
  const float center = x[0] + ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (float)rows;
  sum[0] = sum[1] = sum[2] = sum[3] = 0;
  for (size_t row = 0; row < rows; row++) {
    const float a = x[row * columns] - center;
    sum[row & 3] += a * a;
  }
  *mean = center;
  *squares = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void NK_NAME(nk_column_moments)(const float *x, size_t rows, size_t columns, float *mean,
                                       float *squares) {
  size_t c = 0;
  for (; c + 4 * NK_WIDTH <= columns; c += 4 * NK_WIDTH) {
    NK_NAME(moments_vectors)(x + c, rows, columns, 4, mean + c, squares + c);
  }
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
    NK_NAME(moments_vectors)(x + c, rows, columns, 1, mean + c, squares + c);
  }
  for (; c < columns; c++) {
    NK_NAME(moments_scalar)(x + c, rows, columns, mean + c, squares + c);
  }
}

static void NK_NAME(nk_normalize)(const float *x, size_t rows, size_t columns, const float *mean,
                                  const float *scale, const float *beta, const float *addend,
                                  bool relu, float *y) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t c = 0; c < columns; c += NK_WIDTH) {
      const size_t rest = columns - c, place = row * columns + c;
      nk_vf value = (nk_load_up_to(x + place, rest) - nk_load_up_to(mean + c, rest)) *
                    nk_load_up_to(scale + c, rest);
      if (beta) value += nk_load_up_to(beta + c, rest);
      if (addend) value += nk_load_up_to(addend + place, rest);
      if (relu) value = nk_positive(value);
      nk_store_up_to(y + place, value, rest);
    }
  }
}

NK_INLINE void NK_NAME(sums_vectors)(const float *x, const nk_normalized *z, size_t first,
                                     size_t rows, size_t columns, const int vectors, size_t rest,
                                     const float *mean, const float *inverse_deviation,
                                     float *sum, float *product) {
  nk_vf sums[4], products[4], centers[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    sums[v] = products[v] = nk_set1(0);
    centers[v] = nk_load_up_to(mean + v * NK_WIDTH, rest);
  }
  for (size_t row = 0; row < rows; row++) {
    NK_UNROLL for (int v = 0; v < vectors; v++) {
      const size_t place = first + row * columns + (size_t)v * NK_WIDTH;
      nk_vf gradient = nk_load_up_to(z->gradient + place, rest);
      if (z->relu) {
        // The gradient of the argument takes the place of that of the result.
        nk_vi positive = nk_load_up_to(z->relu + place, rest) > (nk_vf){0};
        gradient = (nk_vf)((nk_vi)gradient & positive);
        nk_store_up_to(z->gradient + place, gradient, rest);
      }
      if (z->addend_gradient) {
        nk_vf total = gradient;
        if (z->accumulates) total += nk_load_up_to(z->addend_gradient + place, rest);
        nk_store_up_to(z->addend_gradient + place, total, rest);
      }
      sums[v] += gradient;
      products[v] += gradient * (nk_load_up_to(x + place, rest) - centers[v]);
    }
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    const nk_vf scale = nk_load_up_to(inverse_deviation + v * NK_WIDTH, rest);
    nk_store_up_to(sum + v * NK_WIDTH, sums[v], rest);
    nk_store_up_to(product + v * NK_WIDTH, products[v] * scale, rest);
  }
}

static void NK_NAME(nk_normalization_sums)(const float *x, const nk_normalized *z,
                                           size_t first_row, size_t rows, size_t columns,
                                           const float *mean, const float *inverse_deviation,
                                           float *sum, float *product) {
  size_t c = 0;
  for (; c + 4 * NK_WIDTH <= columns; c += 4 * NK_WIDTH) {
    NK_NAME(sums_vectors)
    (x, z, first_row * columns + c, rows, columns, 4, NK_WIDTH, mean + c, inverse_deviation + c,
     sum + c, product + c);
  }
  for (; c < columns; c += NK_WIDTH) {
    NK_NAME(sums_vectors)
    (x, z, first_row * columns + c, rows, columns, 1, columns - c, mean + c,
     inverse_deviation + c, sum + c, product + c);
  }
}

static void NK_NAME(nk_normalization_gradient)(const float *x, const float *dz, size_t rows,
                                               size_t columns, const float *mean,
                                               const float *scale, const float *offset,
                                               const float *slope, bool accumulate, float *dx) {
  for (size_t row = 0; row < rows; row++, x += columns, dz += columns, dx += columns) {
    size_t c = 0;
    for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
      const nk_vf centered = nk_load(x + c) - nk_load(mean + c);
      const nk_vf base = accumulate ? nk_load(dx + c) : nk_set1(0);
      const nk_vf inner = nk_load(dz + c) - nk_load(offset + c) - centered * nk_load(slope + c);
      nk_store(dx + c, inner * nk_load(scale + c) + base);
    }
    for (; c < columns; c++) {
      const float inner = dz[c] - offset[c] - (x[c] - mean[c]) * slope[c];
      dx[c] = inner * scale[c] + (accumulate ? dx[c] : 0);
    }
  }
}

static void NK_NAME(nk_scale_columns)(const float *dz, size_t rows, size_t columns,
                                      const float *scale, bool accumulate, float *dx) {
  for (size_t row = 0; row < rows; row++, dz += columns, dx += columns) {
    size_t c = 0;
    for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
      const nk_vf base = accumulate ? nk_load(dx + c) : nk_set1(0);
      nk_store(dx + c, nk_load(dz + c) * nk_load(scale + c) + base);
    }
    for (; c < columns; c++) dx[c] = dz[c] * scale[c] + (accumulate ? dx[c] : 0);
  }
}
