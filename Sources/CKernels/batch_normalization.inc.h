// Batch normalization, vectorised over columns. See include/batch_normalization.h.

// Adds rows of one vector of columns, less the center, to its sums: by themselves first, for the fewer
// additions to a large sum, the less is rounded off.
NK_INLINE void NK_NAME(moments_rows)(const float *x, const size_t rows, size_t step,
                                     nk_vf center, float *sum) {
  nk_vf sums = nk_load(x) - center;
  NK_UNROLL for (size_t row = 1; row < rows; row++) sums += nk_load(x + row * step) - center;
  nk_store(sum, nk_load(sum) + sums);
}

// The means of whole vectors of columns: row after row, as they lie in memory.
NK_INLINE void NK_NAME(means_vectors)(const float *x, size_t rows, size_t step, size_t count,
                                      float *mean) {
  // Summed relative to the first row, for a mean far from zero would cost the sum its last bits.
  memset(mean, 0, count * sizeof *mean);
  for (size_t row = 1; row < rows;) {
    const bool several = rows - row >= 8;
    for (size_t c = 0; c < count; c += NK_WIDTH) {
      const float *source = x + row * step + c;
      if (several)
        NK_NAME(moments_rows)(source, 8, step, nk_load(x + c), mean + c);
      else
        NK_NAME(moments_rows)(source, 1, step, nk_load(x + c), mean + c);
    }
    row += several ? 8 : 1;
  }
  for (size_t c = 0; c < count; c += NK_WIDTH)
    nk_store(mean + c, nk_load(x + c) + nk_load(mean + c) / (float)rows);
}

// Rows whose squares are summed by themselves, likewise.
#define NK_ROWS_OF_SUM 32

// Squared deviations from the means: a few vectors at a time, of rows that are in a cache by now.
NK_INLINE void NK_NAME(squares_vectors)(const float *x, size_t rows, size_t step,
                                        const int vectors, const float *mean, float *squares) {
  nk_vf totals[4], centers[4];
  NK_UNROLL for (int v = 0; v < vectors; v++) {
    totals[v] = nk_set1(0);
    centers[v] = nk_load(mean + v * NK_WIDTH);
  }
  for (size_t row = 0; row < rows;) {
    const size_t end = rows - row < NK_ROWS_OF_SUM ? rows : row + NK_ROWS_OF_SUM;
    nk_vf sums[4];
    NK_UNROLL for (int v = 0; v < vectors; v++) sums[v] = nk_set1(0);
    for (; row < end; row++) {
      NK_UNROLL for (int v = 0; v < vectors; v++) {
        const nk_vf deviation = nk_load(x + row * step + v * NK_WIDTH) - centers[v];
        sums[v] += deviation * deviation;
      }
    }
    NK_UNROLL for (int v = 0; v < vectors; v++) totals[v] += sums[v];
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) nk_store(squares + v * NK_WIDTH, totals[v]);
}

// The sum of a column's deviations from a center, or of their squares.
NK_INLINE double NK_NAME(deviations)(const float *x, size_t rows, size_t step, float center,
                                     const bool squared) {
  double total = 0;
  for (size_t row = 0; row < rows;) {
    const size_t end = rows - row < NK_ROWS_OF_SUM ? rows : row + NK_ROWS_OF_SUM;
    float sum[4] = {0, 0, 0, 0};
    for (; row < end; row++) {
      const float deviation = x[row * step] - center;
      sum[row & 3] += squared ? deviation * deviation : deviation;
    }
    total += (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
  return total;
}

NK_INLINE void NK_NAME(moments_scalar)(const float *x, size_t rows, size_t step, float *mean,
                                       float *squares) {
  *mean = x[0] + (float)(NK_NAME(deviations)(x, rows, step, x[0], false) / (double)rows);
  *squares = (float)NK_NAME(deviations)(x, rows, step, *mean, true);
}

static void NK_NAME(nk_column_moments)(const float *x, size_t rows, size_t columns, size_t step,
                                       float *mean, float *squares) {
  size_t c = 0;
  NK_NAME(means_vectors)(x, rows, step, columns / NK_WIDTH * NK_WIDTH, mean);
  for (; c + 4 * NK_WIDTH <= columns; c += 4 * NK_WIDTH) {
    NK_NAME(squares_vectors)(x + c, rows, step, 4, mean + c, squares + c);
  }
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
    NK_NAME(squares_vectors)(x + c, rows, step, 1, mean + c, squares + c);
  }
  for (; c < columns; c++) {
    NK_NAME(moments_scalar)(x + c, rows, step, mean + c, squares + c);
  }
}

NK_INLINE void NK_NAME(normalize_rows)(const float *x, size_t rows, size_t columns,
                                       const float *mean, const float *scale, const float *beta,
                                       const float *addend, bool relu, const bool streams,
                                       float *y) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t c = 0; c < columns; c += NK_WIDTH) {
      const size_t rest = columns - c, place = row * columns + c;
      nk_vf value = (nk_load_up_to(x + place, rest) - nk_load_up_to(mean + c, rest)) *
                    nk_load_up_to(scale + c, rest);
      if (beta) value += nk_load_up_to(beta + c, rest);
      if (addend) value += nk_load_up_to(addend + place, rest);
      if (relu) value = nk_positive(value);
      if (streams)
        nk_stream(y + place, value);
      else
        nk_store_up_to(y + place, value, rest);
    }
  }
}

static void NK_NAME(nk_normalize)(const float *x, size_t rows, size_t columns, const float *mean,
                                  const float *scale, const float *beta, const float *addend,
                                  bool relu, bool streams, float *y) {
  if (streams && y != x && columns % NK_WIDTH == 0 && (uintptr_t)y % (NK_WIDTH * 4) == 0) {
    NK_NAME(normalize_rows)(x, rows, columns, mean, scale, beta, addend, relu, true, y);
    nk_end_streams();
  } else {
    NK_NAME(normalize_rows)(x, rows, columns, mean, scale, beta, addend, relu, false, y);
  }
}

// Adds some rows of one vector of columns to its sums.
NK_INLINE void NK_NAME(sums_rows)(const float *x, const nk_normalized *z, size_t place,
                                  const size_t rows, size_t columns, size_t rest, nk_vf center,
                                  float *sum, float *product) {
  nk_vf sums = nk_load_up_to(sum, rest), products = nk_load_up_to(product, rest);
  NK_UNROLL for (size_t row = 0; row < rows; row++, place += columns) {
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
    sums += gradient;
    products += gradient * (nk_load_up_to(x + place, rest) - center);
  }
  nk_store_up_to(sum, sums, rest);
  nk_store_up_to(product, products, rest);
}

// Row after row, as they lie in memory; a few at a time, for the sums are in memory as well.
static void NK_NAME(nk_normalization_sums)(const float *x, const nk_normalized *z,
                                           size_t first_row, size_t rows, size_t columns,
                                           const float *mean, const float *inverse_deviation,
                                           float *sum, float *product) {
  const nk_normalized n = *z;
  memset(sum, 0, columns * sizeof *sum);
  memset(product, 0, columns * sizeof *product);
  for (size_t row = 0; row < rows;) {
    const size_t place = (first_row + row) * columns;
    const bool several = rows - row >= 4;
    for (size_t c = 0; c < columns; c += NK_WIDTH) {
      const size_t rest = columns - c;
      const nk_vf center = nk_load_up_to(mean + c, rest);
      if (several)
        NK_NAME(sums_rows)(x, &n, place + c, 4, columns, rest, center, sum + c, product + c);
      else
        NK_NAME(sums_rows)(x, &n, place + c, 1, columns, rest, center, sum + c, product + c);
    }
    row += several ? 4 : 1;
  }
  for (size_t c = 0; c < columns; c++) product[c] *= inverse_deviation[c];
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
