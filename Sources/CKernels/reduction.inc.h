// Sums and maxima, in an order that only the shape decides.

#include "vector_math.h"

// Four vectors of sums: the additions of one need not wait for each other.
static float NK_NAME(nk_sum)(size_t count, const float *x) {
  nk_vf sum[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + 4 * NK_WIDTH <= count; i += 4 * NK_WIDTH)
    NK_UNROLL for (int k = 0; k < 4; k++) sum[k] += nk_load(x + i + k * NK_WIDTH);
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) sum[0] += nk_load(x + i);
  if (i < count) sum[1] += nk_load_part(x + i, count - i);
  return nk_sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static float NK_NAME(nk_sum_of_squares)(size_t count, const float *x) {
  nk_vf sum[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + 4 * NK_WIDTH <= count; i += 4 * NK_WIDTH)
    NK_UNROLL for (int k = 0; k < 4; k++) {
      nk_vf v = nk_load(x + i + k * NK_WIDTH);
      sum[k] += v * v;
    }
  for (; i < count; i += NK_WIDTH) {
    nk_vf v = count - i < NK_WIDTH ? nk_load_part(x + i, count - i) : nk_load(x + i);
    sum[0] += v * v;
  }
  return nk_sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static float NK_NAME(nk_maximum_absolute)(size_t count, const float *x) {
  nk_vf m[2] = {{0}, {0}};
  size_t i = 0;
  for (; i + 2 * NK_WIDTH <= count; i += 2 * NK_WIDTH)
    NK_UNROLL for (int k = 0; k < 2; k++)
        m[k] = nk_maximum(m[k], nk_abs(nk_load(x + i + k * NK_WIDTH)));
  for (; i < count; i += NK_WIDTH) {
    nk_vf v = count - i < NK_WIDTH ? nk_load_part(x + i, count - i) : nk_load(x + i);
    m[0] = nk_maximum(m[0], nk_abs(v));
  }
  return nk_maximum_lanes(nk_maximum(m[0], m[1]));
}

static size_t NK_NAME(nk_count_nonfinite)(size_t count, const float *x) {
  size_t found = 0;
  size_t i = 0;
  while (i < count) {
    // So few that a lane cannot overflow.
    size_t end = count - i < (1u << 30) ? count : i + (1u << 30);
    nk_vi negative = {0};
    for (; i + NK_WIDTH <= end; i += NK_WIDTH)
      negative += ~(nk_abs(nk_load(x + i)) < __builtin_inff());
    if (i < end) {
      negative += ~(nk_abs(nk_load_part(x + i, end - i)) < __builtin_inff());
      i = end;
    }
    for (int lane = 0; lane < NK_WIDTH; lane++) found += (size_t)-negative[lane];
  }
  return found;
}

static void NK_NAME(nk_row_argmax)(size_t rows, size_t columns, const float *x,
                                   int32_t *indices) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    nk_vf m = nk_set1(-__builtin_inff());
    size_t i = 0;
    for (; i + NK_WIDTH <= columns; i += NK_WIDTH) m = nk_maximum(m, nk_load(x + i));
    if (i < columns)
      m = nk_maximum(m, nk_load_part_or(x + i, columns - i, -__builtin_inff()));
    float largest = nk_maximum_lanes(m);
    size_t c = 0;
    while (c + 1 < columns && !(x[c] == largest || x[c] != x[c])) c++;
    indices[r] = (int32_t)c;
  }
}
