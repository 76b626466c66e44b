#ifndef NEEDLETAIL_CKERNELS_BATCH_NORMALIZATION_H
#define NEEDLETAIL_CKERNELS_BATCH_NORMALIZATION_H

#include <stdbool.h>
#include <stddef.h>

// Arrays are [rows][columns] without gaps, unless a step is given; statistics have one element a
// column. `gamma` and `beta` may be NULL, which stands for ones and zeros.

/// The mean of each column, and the sum of squared deviations from it. At least one row; rows are
/// `step` floats apart.
///
/// Two passes over x: meant for a block that fits the second-level cache.
void nk_column_moments(const float *x, size_t rows, size_t columns, size_t step, float *mean,
                       float *squares);

/// Makes the moments of `count` rows those of `count + other_count` rows.
///
/// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
/// variances" (1979).
void nk_merge_moments(float *mean, float *squares, double count, const float *other_mean,
                      const float *other_squares, double other_count, size_t columns);

/// From the moments of `rows` rows: inverse_deviation = 1 / √(squares / rows + epsilon), and
/// running ← momentum · running + (1 − momentum) · that of the rows, for mean and (biased)
/// variance.
void nk_finish_moments(const float *mean, const float *squares, size_t rows, size_t columns,
                       float epsilon, float momentum, float *inverse_deviation,
                       float *running_mean, float *running_variance);

/// scale = gamma / √(variance + epsilon).
void nk_normalization_scale(const float *variance, const float *gamma, size_t columns,
                            float epsilon, float *scale);

/// product = a · b; b may be NULL, which stands for ones.
void nk_multiply_or_copy(const float *a, const float *b, size_t columns, float *product);

/// y = (x − mean) · scale + beta + addend, and max(0, ·) of it with `relu`. `addend` may be NULL; y
/// may be x. `streams` writes y past the caches, where its place allows that.
void nk_normalize(const float *x, size_t rows, size_t columns, const float *mean,
                  const float *scale, const float *beta, const float *addend, bool relu,
                  bool streams, float *y);

/// What goes backward from y = f((x − mean) · scale + beta + addend).
typedef struct {
  /// The gradient of y; becomes that of the argument of f.
  float *gradient;
  /// y where f is max(0, ·), NULL where it is the identity.
  const float *relu;
  /// Where the gradient of the addend goes; NULL if it is not wanted.
  float *addend_gradient;
  /// Whether to add to it.
  bool accumulates;
} nk_normalized;

/// For the columns of the rows first_row ..< first_row + rows, with dz the gradient of the argument
/// of f: sum = Σ dz, product = inverse_deviation · Σ dz · (x − mean). x starts at row 0.
void nk_normalization_sums(const float *x, const nk_normalized *z, size_t first_row, size_t rows,
                           size_t columns, const float *mean, const float *inverse_deviation,
                           float *sum, float *product);

/// From the sums over `rows` rows, what `nk_normalization_gradient` needs: scale = gamma ·
/// inverse_deviation, offset = sum / rows, slope = inverse_deviation · product / rows. The last two
/// may be the sums.
void nk_finish_normalization_sums(const float *sum, const float *product,
                                  const float *inverse_deviation, const float *gamma, size_t rows,
                                  size_t columns, float *scale, float *offset, float *slope);

/// dx = (accumulate ? dx : 0) + scale · (dz − offset − (x − mean) · slope). dx may be x.
void nk_normalization_gradient(const float *x, const float *dz, size_t rows, size_t columns,
                               const float *mean, const float *scale, const float *offset,
                               const float *slope, bool accumulate, float *dx);

/// dx = (accumulate ? dx : 0) + dz · scale.
void nk_scale_columns(const float *dz, size_t rows, size_t columns, const float *scale,
                      bool accumulate, float *dx);

#endif
