// Softmax of rows: exp(x - max) / sum, so that no argument overflows.

#include "vector_math.h"
#include "vector_rows.h"

// The sum of exp(x[i] - maximum).
NK_INLINE float NK_NAME(nk_row_exponential_sum)(size_t count, const float *x, float maximum) {
  nk_vf sum = {0};
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) sum += nk_exp(nk_load(x + i) - maximum);
  if (i < count)
    sum += nk_exp(nk_load_part_or(x + i, count - i, -__builtin_inff()) - maximum);
  return nk_sum_lanes(sum);
}

static void NK_NAME(nk_softmax)(size_t rows, size_t columns, const float *x, float *y,
                                bool logarithm) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    float maximum = NK_NAME(nk_row_maximum)(columns, x);
    if (logarithm) {
      size_t i = 0;
      float sum = NK_NAME(nk_row_exponential_sum)(columns, x, maximum);
      // Two subtractions: the sum of maximum and logarithm would lose the logarithm.
      float log_sum = NK_NAME(nk_logarithm)(sum);
      for (; i + NK_WIDTH <= columns; i += NK_WIDTH)
        nk_store(y + i, (nk_load(x + i) - maximum) - log_sum);
      if (i < columns)
        nk_store_part(y + i, (nk_load_part(x + i, columns - i) - maximum) - log_sum,
                      columns - i);
    } else {
      NK_NAME(nk_row_softmax)(columns, x, maximum, y);
    }
  }
}

// The gradient of one vector, given the row's sum of y dy (softmax) or dy (its logarithm).
NK_INLINE nk_vf NK_NAME(nk_softmax_gradient)(nk_vf y, nk_vf dy, float sum, bool logarithm) {
  return logarithm ? dy - nk_exp(y) * sum : y * (dy - sum);
}

NK_INLINE void NK_NAME(nk_softmax_backward_rows)(size_t rows, size_t columns, const float *y,
                                                 const float *dy, float *dx, bool logarithm,
                                                 bool accumulate) {
  for (size_t r = 0; r < rows; r++, y += columns, dy += columns, dx += columns) {
    nk_vf partial = {0};
    size_t i = 0;
    for (; i + NK_WIDTH <= columns; i += NK_WIDTH)
      partial += logarithm ? nk_load(dy + i) : nk_load(y + i) * nk_load(dy + i);
    size_t rest = columns - i;
    if (rest > 0) {
      nk_vf d = nk_load_part(dy + i, rest);
      partial += logarithm ? d : nk_load_part(y + i, rest) * d;
    }
    float sum = nk_sum_lanes(partial);
    for (i = 0; i + NK_WIDTH <= columns; i += NK_WIDTH) {
      nk_vf d =
          NK_NAME(nk_softmax_gradient)(nk_load(y + i), nk_load(dy + i), sum, logarithm);
      nk_store(dx + i, accumulate ? nk_load(dx + i) + d : d);
    }
    if (rest > 0) {
      nk_vf d = NK_NAME(nk_softmax_gradient)(nk_load_part(y + i, rest),
                                             nk_load_part(dy + i, rest), sum, logarithm);
      nk_store_part(dx + i, accumulate ? nk_load_part(dx + i, rest) + d : d, rest);
    }
  }
}

static void NK_NAME(nk_softmax_backward)(size_t rows, size_t columns, const float *y,
                                         const float *dy, float *dx, bool logarithm,
                                         bool accumulate) {
  if (logarithm && accumulate)
    NK_NAME(nk_softmax_backward_rows)(rows, columns, y, dy, dx, true, true);
  else if (logarithm)
    NK_NAME(nk_softmax_backward_rows)(rows, columns, y, dy, dx, true, false);
  else if (accumulate)
    NK_NAME(nk_softmax_backward_rows)(rows, columns, y, dy, dx, false, true);
  else
    NK_NAME(nk_softmax_backward_rows)(rows, columns, y, dy, dx, false, false);
}
