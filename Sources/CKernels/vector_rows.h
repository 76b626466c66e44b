// What softmax and cross-entropy do to one row, for the instruction set being compiled. Included
// after vector_math.h; no include guard.

// The largest element; NaN if any is.
NK_INLINE float NK_NAME(nk_row_maximum)(size_t count, const float *x) {
  nk_vf low = nk_set1(-__builtin_inff());
  nk_vf m = low;
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) m = nk_maximum(m, nk_load(x + i));
  if (i < count) m = nk_maximum(m, nk_load_part_or(x + i, count - i, -__builtin_inff()));
  return nk_maximum_lanes(m);
}

// y[i] = exp(x[i] - maximum) / sum. Returns the sum.
NK_INLINE float NK_NAME(nk_row_softmax)(size_t count, const float *x, float maximum, float *y) {
  nk_vf sum = {0}, last = {0};
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_vf e = nk_exp(nk_load(x + i) - maximum);
    nk_store(y + i, e);
    sum += e;
  }
  // The last ones stay in a register: a row of few columns is then never read back.
  if (i < count) {
    last = nk_exp(nk_load_part_or(x + i, count - i, -__builtin_inff()) - maximum);
    sum += last;
  }
  float total = nk_sum_lanes(sum);
  float factor = 1.0f / total;
  if (i < count) nk_store_part(y + i, last * factor, count - i);
  for (i = 0; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(y + i) * factor);
  return total;
}

NK_INLINE float NK_NAME(nk_logarithm)(float x) { return nk_log(nk_set1(x))[0]; }
