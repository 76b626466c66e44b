// Loops that reach the processor's limits.

// Two units of a latency of 4 or 5 cycles need 10 chains at least; 12 and the two constants fit
// the 16 registers of the smaller instruction sets.
#undef NK_CHAINS
#define NK_CHAINS 12

static float NK_NAME(nk_multiply_add)(size_t rounds, float factor, float summand) {
  nk_vf f = nk_set1(factor), s = nk_set1(summand);
  nk_vf x[NK_CHAINS];
  NK_UNROLL for (int i = 0; i < NK_CHAINS; i++) x[i] = nk_set1((float)i);
  for (; rounds > 0; rounds--) {
    NK_UNROLL for (int i = 0; i < NK_CHAINS; i++) x[i] = x[i] * f + s;
  }
  NK_UNROLL for (int i = 1; i < NK_CHAINS; i++) x[0] += x[i];
  float sum = 0;
  for (int i = 0; i < NK_WIDTH; i++) sum += x[0][i];
  return sum;
}

static size_t NK_NAME(nk_multiply_add_operations)(void) { return 2 * NK_CHAINS * NK_WIDTH; }

static float NK_NAME(nk_stream_read)(size_t count, const float *x) {
  nk_vf sums[8] = {{0}};
  size_t i = 0;
  for (; i + 8 * NK_WIDTH <= count; i += 8 * NK_WIDTH) {
    NK_UNROLL for (int j = 0; j < 8; j++) sums[j] += nk_load(x + i + j * NK_WIDTH);
  }
  NK_UNROLL for (int j = 1; j < 8; j++) sums[0] += sums[j];
  float sum = 0;
  for (int j = 0; j < NK_WIDTH; j++) sum += sums[0][j];
  for (; i < count; i++) sum += x[i];
  return sum;
}

static void NK_NAME(nk_stream_copy)(size_t count, const float *x, float *y) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(y + i, nk_load(x + i));
  for (; i < count; i++) y[i] = x[i];
}

static void NK_NAME(nk_stream_triad)(size_t count, const float *a, const float *b, float factor,
                                     float *y) {
  nk_vf f = nk_set1(factor);
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_store(y + i, nk_load(a + i) + f * nk_load(b + i));
  }
  for (; i < count; i++) y[i] = a[i] + factor * b[i];
}
