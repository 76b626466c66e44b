#include "include/batch_normalization.h"

#define NK_FAMILY "batch_normalization.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_column_moments,
            (const float *x, size_t rows, size_t columns, size_t step, float *mean, float *squares),
            (x, rows, columns, step, mean, squares))

void nk_merge_moments(float *mean, float *squares, double count, const float *other_mean,
                      const float *other_squares, double other_count, size_t columns) {
  const float part = (float)(other_count / (count + other_count));
  const float weight = (float)(count * other_count / (count + other_count));
  for (size_t c = 0; c < columns; c++) {
    const float difference = other_mean[c] - mean[c];
    mean[c] += difference * part;
    squares[c] += other_squares[c] + difference * difference * weight;
  }
}

void nk_finish_moments(const float *mean, const float *squares, size_t rows, size_t columns,
                       float epsilon, float momentum, float *inverse_deviation,
                       float *running_mean, float *running_variance) {
  for (size_t c = 0; c < columns; c++) {
    const float variance = squares[c] / (float)rows;
    inverse_deviation[c] = 1 / sqrtf(variance + epsilon);
    running_mean[c] = momentum * running_mean[c] + (1 - momentum) * mean[c];
    running_variance[c] = momentum * running_variance[c] + (1 - momentum) * variance;
  }
}

void nk_normalization_scale(const float *variance, const float *gamma, size_t columns,
                            float epsilon, float *scale) {
  for (size_t c = 0; c < columns; c++) {
    scale[c] = (gamma == NULL ? 1 : gamma[c]) / sqrtf(variance[c] + epsilon);
  }
}

void nk_multiply_or_copy(const float *a, const float *b, size_t columns, float *product) {
  for (size_t c = 0; c < columns; c++) product[c] = b == NULL ? a[c] : a[c] * b[c];
}

void nk_finish_normalization_sums(const float *sum, const float *product,
                                  const float *inverse_deviation, const float *gamma, size_t rows,
                                  size_t columns, float *scale, float *offset, float *slope) {
  const float count = (float)rows;
  for (size_t c = 0; c < columns; c++) {
    scale[c] = inverse_deviation[c] * (gamma == NULL ? 1 : gamma[c]);
    offset[c] = sum[c] / count;
    slope[c] = inverse_deviation[c] * product[c] / count;
  }
}

NK_DISPATCH(void, nk_normalize,
            (const float *x, size_t rows, size_t columns, const float *mean, const float *scale,
             const float *beta, const float *addend, bool relu, bool streams, float *y),
            (x, rows, columns, mean, scale, beta, addend, relu, streams, y))

NK_DISPATCH(void, nk_normalization_sums,
            (const float *x, const nk_normalized *z, size_t first_row, size_t rows,
             size_t columns, const float *mean, const float *inverse_deviation, float *sum,
             float *product),
            (x, z, first_row, rows, columns, mean, inverse_deviation, sum, product))

NK_DISPATCH(void, nk_normalization_gradient,
            (const float *x, const float *dz, size_t rows, size_t columns, const float *mean,
             const float *scale, const float *offset, const float *slope, bool accumulate,
             float *dx),
            (x, dz, rows, columns, mean, scale, offset, slope, accumulate, dx))

NK_DISPATCH(void, nk_scale_columns,
            (const float *dz, size_t rows, size_t columns, const float *scale, bool accumulate,
             float *dx),
            (dz, rows, columns, scale, accumulate, dx))
