#ifndef NEEDLETAIL_CKERNELS_REDUCTION_H
#define NEEDLETAIL_CKERNELS_REDUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The sum of the elements.
float nk_sum(size_t count, const float *x);

/// The sum of the elements' squares.
float nk_sum_of_squares(size_t count, const float *x);

/// The largest absolute value; 0 of no element, NaN if any is NaN.
float nk_maximum_absolute(size_t count, const float *x);

/// How many elements are infinite or NaN.
size_t nk_count_nonfinite(size_t count, const float *x);

/// The column of every row's largest element: of equal ones the first. The first NaN counts as
/// largest. `columns` is at least 1.
void nk_row_argmax(size_t rows, size_t columns, const float *x, int32_t *indices);

#endif
