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
                                  const float *scale, const float *beta, float *y) {
  for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
    size_t c = 0;
    for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
      const nk_vf base = beta == NULL ? nk_set1(0) : nk_load(beta + c);
      nk_store(y + c, (nk_load(x + c) - nk_load(mean + c)) * nk_load(scale + c) + base);
    }
    for (; c < columns; c++) {
      y[c] = (x[c] - mean[c]) * scale[c] + (beta == NULL ? 0 : beta[c]);
    }
  }
}

NK_INLINE void NK_NAME(sums_vectors)(const float *x, const float *dz, size_t rows, size_t columns,
                                     int vectors, const float *mean,
                                     const float *inverse_deviation, float *sum, float *product) {
  nk_vf sums[4], products[4], centers[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    sums[v] = products[v] = nk_set1(0);
    centers[v] = nk_load(mean + v * NK_WIDTH);
  }
  for (size_t row = 0; row < rows; row++, x += columns, dz += columns) {
    NK_UNROLL for (int v = 0; v < vectors; v++) {
      const nk_vf gradient = nk_load(dz + v * NK_WIDTH);
      sums[v] += gradient;
      products[v] += gradient * (nk_load(x + v * NK_WIDTH) - centers[v]);
    }
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    nk_store(sum + v * NK_WIDTH, sums[v]);
    nk_store(product + v * NK_WIDTH, products[v] * nk_load(inverse_deviation + v * NK_WIDTH));
  }
}

static void NK_NAME(nk_normalization_sums)(const float *x, const float *dz, size_t rows,
                                           size_t columns, const float *mean,
                                           const float *inverse_deviation, float *sum,
                                           float *product) {
  size_t c = 0;
  for (; c + 4 * NK_WIDTH <= columns; c += 4 * NK_WIDTH) {
    NK_NAME(sums_vectors)
    (x + c, dz + c, rows, columns, 4, mean + c, inverse_deviation + c, sum + c, product + c);
  }
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
    NK_NAME(sums_vectors)
    (x + c, dz + c, rows, columns, 1, mean + c, inverse_deviation + c, sum + c, product + c);
  }
  for (; c < columns; c++) {
    float sums[4] = {0, 0, 0, 0}, products[4] = {0, 0, 0, 0};
    for (size_t row = 0; row < rows; row++) {
      const float a = dz[row * columns + c];
      sums[row & 3] += a;
      products[row & 3] += a * (x[row * columns + c] - mean[c]);
    }
    sum[c] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    product[c] =
        ((products[0] + products[1]) + (products[2] + products[3])) * inverse_deviation[c];
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
