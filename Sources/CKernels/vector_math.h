// Elementary functions on vectors, for the instruction set being compiled. A family includes this
// file in its `.inc.h`, so it has no include guard.
//
// Every function is exact in the limits (infinities, zero) and passes NaN on. The bounds below are
// the largest errors over all normal arguments with normal results, in units in the last place;
// ElementwiseFunctionTests checks them. The polynomials are least-maximum fits made for these
// intervals.

#undef nk_vu
#undef nk_select
#undef nk_at_least
#undef nk_at_most
#undef nk_maximum
#undef nk_minimum
#undef nk_abs
#undef nk_sqrt
#undef nk_copysign
#undef nk_load_part_or
#undef nk_lanes_below
#undef nk_rotate
#undef nk_sum_lanes
#undef nk_maximum_lanes
#undef nk_exp_reduce
#undef nk_exp
#undef nk_expm1
#undef nk_log
#undef nk_log1p
#undef nk_tanh
#undef nk_sigmoid
#undef nk_softplus
#undef nk_normal_cdf
#define nk_vu NK_NAME(nk_vu_)
#define nk_select NK_NAME(nk_select_)
#define nk_at_least NK_NAME(nk_at_least_)
#define nk_at_most NK_NAME(nk_at_most_)
#define nk_maximum NK_NAME(nk_maximum_)
#define nk_minimum NK_NAME(nk_minimum_)
#define nk_abs(v) __builtin_elementwise_abs(v)
#define nk_sqrt(v) __builtin_elementwise_sqrt(v)
#define nk_copysign(v, s) __builtin_elementwise_copysign(v, s)
#define nk_load_part_or NK_NAME(nk_load_part_or_)
#define nk_lanes_below NK_NAME(nk_lanes_below_)
#define nk_sum_lanes NK_NAME(nk_sum_lanes_)
#define nk_maximum_lanes NK_NAME(nk_maximum_lanes_)
#define nk_exp_reduce NK_NAME(nk_exp_reduce_)
#define nk_exp NK_NAME(nk_exp_)
#define nk_expm1 NK_NAME(nk_expm1_)
#define nk_log NK_NAME(nk_log_)
#define nk_log1p NK_NAME(nk_log1p_)
#define nk_tanh NK_NAME(nk_tanh_)
#define nk_sigmoid NK_NAME(nk_sigmoid_)
#define nk_softplus NK_NAME(nk_softplus_)
#define nk_normal_cdf NK_NAME(nk_normal_cdf_)

typedef uint32_t nk_vu __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));

// `a` where the mask (a comparison's result) is set, else `b`.
NK_INLINE nk_vf nk_select(nk_vi mask, nk_vf a, nk_vf b) {
  return (nk_vf)(((nk_vi)a & mask) | ((nk_vi)b & ~mask));
}
// Bounds that NaN passes unchanged.
NK_INLINE nk_vf nk_at_least(nk_vf x, float bound) {
  nk_vf b = nk_set1(bound);
  return nk_select(b > x, b, x);
}
NK_INLINE nk_vf nk_at_most(nk_vf x, float bound) {
  nk_vf b = nk_set1(bound);
  return nk_select(b < x, b, x);
}
// NaN if either is.
NK_INLINE nk_vf nk_maximum(nk_vf a, nk_vf b) {
  return nk_select((a > b) | (a != a), a, b);
}
NK_INLINE nk_vf nk_minimum(nk_vf a, nk_vf b) {
  return nk_select((a < b) | (a != a), a, b);
}

// Lane i is set if i < count.
NK_INLINE nk_vi nk_lanes_below(size_t count) {
  nk_vi index;
  for (int i = 0; i < NK_WIDTH; i++) index[i] = i;
  return index < (int32_t)count;
}
// The first `count` (less than NK_WIDTH) elements; the others are `filler`.
NK_INLINE nk_vf nk_load_part_or(const float *p, size_t count, float filler) {
  return nk_select(nk_lanes_below(count), nk_load_part(p, count), nk_set1(filler));
}

// Lane i becomes lane i + n, going round.
#if NK_WIDTH == 16
#define nk_rotate(v, n)                                                                       \
  __builtin_shufflevector(v, v, (n) % 16, (1 + n) % 16, (2 + n) % 16, (3 + n) % 16,           \
                          (4 + n) % 16, (5 + n) % 16, (6 + n) % 16, (7 + n) % 16,             \
                          (8 + n) % 16, (9 + n) % 16, (10 + n) % 16, (11 + n) % 16,           \
                          (12 + n) % 16, (13 + n) % 16, (14 + n) % 16, (15 + n) % 16)
#elif NK_WIDTH == 8
#define nk_rotate(v, n)                                                                     \
  __builtin_shufflevector(v, v, (n) % 8, (1 + n) % 8, (2 + n) % 8, (3 + n) % 8, (4 + n) % 8, \
                          (5 + n) % 8, (6 + n) % 8, (7 + n) % 8)
#else
#define nk_rotate(v, n) \
  __builtin_shufflevector(v, v, (n) % 4, (1 + n) % 4, (2 + n) % 4, (3 + n) % 4)
#endif
// Adds the lanes in a binary tree.
NK_INLINE float nk_sum_lanes(nk_vf v) {
  if (NK_WIDTH > 8) v += nk_rotate(v, 8);
  if (NK_WIDTH > 4) v += nk_rotate(v, 4);
  v += nk_rotate(v, 2);
  v += nk_rotate(v, 1);
  return v[0];
}
// NaN if any lane is.
NK_INLINE float nk_maximum_lanes(nk_vf v) {
  if (NK_WIDTH > 8) v = nk_maximum(v, nk_rotate(v, 8));
  if (NK_WIDTH > 4) v = nk_maximum(v, nk_rotate(v, 4));
  v = nk_maximum(v, nk_rotate(v, 2));
  return nk_maximum(v, nk_rotate(v, 1))[0];
}

// Splits x into n ln 2 + r with |r| <= ln 2 / 2. Returns exp(r) - 1 - r and gives r and n.
// |x| must be below 2^20 or NaN.
NK_INLINE nk_vf nk_exp_reduce(nk_vf x, nk_vf *r, nk_vi *n) {
  // Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits of the sum.
  nk_vf shifted = x * 1.44269504f + 12582912.0f;
  nk_vf k = shifted - 12582912.0f;
  // ln 2 in two parts: n times the first is exact.
  *r = x - k * 0.693359375f;
  *r = *r - k * -2.12194440e-4f;
  *n = (nk_vi)shifted - 0x4B400000;
  nk_vf q = *r * 0.00139464624f + 0.00836659223f;
  q = q * *r + 0.0416662805f;
  q = q * *r + 0.166665435f;
  q = q * *r + 0.5f;
  return q * (*r * *r);
}

// Within 1.1 units.
NK_INLINE nk_vf nk_exp(nk_vf x) {
  x = nk_at_most(nk_at_least(x, -105.0f), 90.0f);
  nk_vf r;
  nk_vi n;
  nk_vf q = nk_exp_reduce(x, &r, &n);
  nk_vf p = (q + r) + 1.0f;
  nk_vi half = n >> 1;
  nk_vf first = (nk_vf)((half + 127) << 23);
  nk_vf second = (nk_vf)((n - half + 127) << 23);
  return p * first * second;
}

// exp(x) - 1 for x <= 88, within 1.6 units.
NK_INLINE nk_vf nk_expm1(nk_vf x) {
  x = nk_at_least(x, -30.0f);
  nk_vf r;
  nk_vi n;
  nk_vf q = nk_exp_reduce(x, &r, &n);
  nk_vf power = (nk_vf)((n + 127) << 23);
  return power * (q + r) + (power - 1.0f);
}

// The natural logarithm, within 1 unit.
NK_INLINE nk_vf nk_log(nk_vf x) {
  nk_vi tiny = x < 1.17549435e-38f;
  nk_vf y = nk_select(tiny, x * 8388608.0f, x);
  // y = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
  nk_vi bits = (nk_vi)y - 0x3F3504F3;
  nk_vf k = __builtin_convertvector((bits >> 23) - (tiny & 23), nk_vf);
  nk_vf f = (nk_vf)((bits & 0x7FFFFF) + 0x3F3504F3) - 1.0f;
  nk_vf p = f * -0.0785954595f + 0.128816217f;
  p = p * f + -0.131287679f;
  p = p * f + 0.141811967f;
  p = p * f + -0.166245535f;
  p = p * f + 0.200022861f;
  p = p * f + -0.250008106f;
  p = p * f + 0.333333164f;
  nk_vf square = f * f;
  nk_vf low = p * (square * f) + k * -2.12194440e-4f;
  nk_vf result = (low - square * 0.5f) + f + k * 0.693359375f;
  nk_vf infinity = nk_set1(__builtin_inff());
  nk_vf special = nk_select(x == 0.0f, -infinity, nk_set1(__builtin_nanf("")));
  special = nk_select(x == infinity, x, special);
  return nk_select((x > 0.0f) & (x < infinity), result, special);
}

// log(1 + x) for x in [0, 1], within 2 units.
NK_INLINE nk_vf nk_log1p(nk_vf x) {
  // log(1 + x) = 2 artanh(x / (2 + x)).
  nk_vf s = x / (x + 2.0f);
  nk_vf z = s * s;
  nk_vf p = z * 0.140122324f + 0.139995694f;
  p = p * z + 0.200108498f;
  p = p * z + 0.333332062f;
  nk_vf twice = s + s;
  return twice + twice * (z * p);
}

// Within 2.5 units.
NK_INLINE nk_vf nk_tanh(nk_vf x) {
  // From 10 on the result rounds to 1.
  nk_vf e = nk_expm1(nk_at_most(nk_abs(x), 10.0f) * 2.0f);
  return nk_copysign(e / (e + 2.0f), x);
}

// 1 / (1 + exp(-x)), within 2.5 units.
NK_INLINE nk_vf nk_sigmoid(nk_vf x) { return 1.0f / (nk_exp(-x) + 1.0f); }

// log(1 + exp(x)), within 2.5 units.
NK_INLINE nk_vf nk_softplus(nk_vf x) {
  return nk_at_least(x, 0.0f) + nk_log1p(nk_exp(-nk_abs(x)));
}

// The distribution function of the standard normal distribution, within 4 units in both tails,
// and exp(-x * x / 2).
NK_INLINE nk_vf nk_normal_cdf(nk_vf x, nk_vf *bell) {
  nk_vf t = nk_at_most(nk_abs(x), 15.0f);
  // The square of t to more than a float: high * high is exact.
  nk_vf high = (nk_vf)((nk_vi)t & ~0xFFF);
  nk_vf low = (t - high) * (t + high);
  *bell = nk_exp(high * high * -0.5f);
  // exp(-low / 2) with low <= 0.1. A factor, since a product with a term could be flushed to zero.
  nk_vf w = low * -0.5f;
  nk_vf e = w * 0.166666667f + 0.5f;
  e = e * w + 1.0f;
  *bell *= e * w + 1.0f;
  // The upper tail is the bell times a smooth function of 1 / (1 + 0.3 t).
  nk_vf u = 1.0f / (t * 0.3f + 1.0f);
  nk_vf p = u * 0.0384089462f + -0.169314653f;
  p = p * u + 0.228965834f;
  p = p * u + -0.0768547505f;
  p = p * u + 0.142774969f;
  p = p * u + 0.0945820585f;
  p = p * u + 0.121946149f;
  p = p * u + 0.119484097f;
  p = p * u + 7.37828032e-06f;
  nk_vf tail = p * *bell;
  return nk_select(x > 0.0f, 1.0f - tail, tail);
}
