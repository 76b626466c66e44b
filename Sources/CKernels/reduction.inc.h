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

// The sums of `vectors` vectors of columns, over rows in groups: sums of sums lose fewer digits
// than one long sum.
NK_INLINE void NK_NAME(nk_column_strip)(size_t rows, const int vectors, ptrdiff_t row_stride,
                                        const float *x, float *sums, bool accumulate) {
  nk_vf total[8];
  NK_UNROLL for (int v = 0; v < vectors; v++)
      total[v] = accumulate ? nk_load(sums + v * NK_WIDTH) : (nk_vf){0};
  for (size_t first = 0; first < rows; first += 128) {
    size_t group = rows - first < 128 ? rows - first : 128;
    nk_vf sum[8] = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}};
    for (size_t r = 0; r < group; r++, x += row_stride)
      NK_UNROLL for (int v = 0; v < vectors; v++) sum[v] += nk_load(x + v * NK_WIDTH);
    NK_UNROLL for (int v = 0; v < vectors; v++) total[v] += sum[v];
  }
  NK_UNROLL for (int v = 0; v < vectors; v++) nk_store(sums + v * NK_WIDTH, total[v]);
}

// Few columns, rows without gaps: NK_WIDTH rows at a time are `columns` full vectors.
static void NK_NAME(nk_narrow_column_sums)(size_t rows, size_t columns, const float *x,
                                           float *sums, bool accumulate) {
  nk_vf total[NK_WIDTH] = {{0}};
  size_t r = 0;
  while (rows - r >= NK_WIDTH) {
    size_t group = (rows - r) / NK_WIDTH < 128 ? (rows - r) / NK_WIDTH : 128;
    nk_vf sum[NK_WIDTH] = {{0}};
    for (size_t g = 0; g < group; g++, x += NK_WIDTH * columns)
      for (size_t v = 0; v < columns; v++) sum[v] += nk_load(x + v * NK_WIDTH);
    for (size_t v = 0; v < columns; v++) total[v] += sum[v];
    r += group * NK_WIDTH;
  }
  float lanes[NK_WIDTH * NK_WIDTH];
  for (size_t v = 0; v < columns; v++) nk_store(lanes + v * NK_WIDTH, total[v]);
  for (; r < rows; r++, x += columns)
    for (size_t c = 0; c < columns; c++) lanes[(r % NK_WIDTH) * columns + c] += x[c];
  for (int half = NK_WIDTH / 2; half > 0; half /= 2)
    for (size_t i = 0; i < (size_t)half * columns; i++)
      lanes[i] += lanes[i + (size_t)half * columns];
  for (size_t c = 0; c < columns; c++) sums[c] = accumulate ? sums[c] + lanes[c] : lanes[c];
}

static void NK_NAME(nk_column_sums)(size_t rows, size_t columns, ptrdiff_t row_stride,
                                    const float *x, float *sums, bool accumulate) {
  if (columns <= NK_WIDTH && row_stride == (ptrdiff_t)columns) {
    NK_NAME(nk_narrow_column_sums)(rows, columns, x, sums, accumulate);
    return;
  }
  size_t c = 0;
  for (; c + 8 * NK_WIDTH <= columns; c += 8 * NK_WIDTH)
    NK_NAME(nk_column_strip)(rows, 8, row_stride, x + c, sums + c, accumulate);
  for (; c + 2 * NK_WIDTH <= columns; c += 2 * NK_WIDTH)
    NK_NAME(nk_column_strip)(rows, 2, row_stride, x + c, sums + c, accumulate);
  for (; c + NK_WIDTH <= columns; c += NK_WIDTH)
    NK_NAME(nk_column_strip)(rows, 1, row_stride, x + c, sums + c, accumulate);
  if (c == columns) return;
  size_t rest = columns - c;
  nk_vf total = {0};
  for (size_t first = 0; first < rows; first += 128) {
    size_t group = rows - first < 128 ? rows - first : 128;
    nk_vf sum = {0};
    for (size_t r = first; r < first + group; r++)
      sum += nk_load_part(x + (ptrdiff_t)r * row_stride + c, rest);
    total += sum;
  }
  nk_store_part(sums + c, accumulate ? nk_load_part(sums + c, rest) + total : total, rest);
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
