// Functions of one number and their derivatives. `function` is a constant at every use, so that
// each loop holds one function only.

#include "vector_math.h"

// Klambauer et al., "Self-normalizing neural networks" (2017).
#define NK_SELU_SCALE 1.05070098f
#define NK_SELU_ALPHA 1.67326324f
// sqrt(8 / pi): twice the factor of the tanh form, since (1 + tanh(z)) / 2 = sigmoid(2 z).
#define NK_GELU_SCALE 1.59576912f
#define NK_GELU_CUBIC 0.044715f
// 1 / sqrt(2 pi).
#define NK_NORMAL_DENSITY 0.398942280f

NK_INLINE nk_vf NK_NAME(nk_function)(int32_t function, nk_vf x, float parameter) {
  nk_vf zero = {0};
  switch (function) {
    case NK_RELU:
      return nk_at_least(x, 0.0f);
    case NK_LEAKY_RELU:
      return nk_select(x > zero, x, x * parameter);
    case NK_ELU:
      return nk_select(x > zero, x, nk_expm1(nk_at_most(x, 0.0f)) * parameter);
    case NK_SELU:
      return nk_select(x > zero, x * NK_SELU_SCALE,
                       nk_expm1(nk_at_most(x, 0.0f)) * (NK_SELU_SCALE * NK_SELU_ALPHA));
    case NK_GELU: {
      // The lower bound makes the limit at minus infinity 0 rather than infinity times 0.
      nk_vf bell;
      nk_vf cdf = nk_normal_cdf(x, &bell);
      return nk_at_least(x, -15.0f) * cdf;
    }
    case NK_GELU_TANH: {
      nk_vf low = nk_at_least(x, -11.0f);
      nk_vf z = nk_at_most(low, 11.0f);
      z = NK_GELU_SCALE * (z + NK_GELU_CUBIC * z * z * z);
      return low * nk_sigmoid(z);
    }
    case NK_SILU:
      return nk_at_least(x, -1e30f) * nk_sigmoid(x);
    case NK_SIGMOID:
      return nk_sigmoid(x);
    case NK_TANH:
      return nk_tanh(x);
    case NK_SOFTPLUS:
      return nk_softplus(x);
    case NK_SOFTSIGN: {
      nk_vf y = nk_at_most(nk_at_least(x, -1e30f), 1e30f);
      return y / (nk_abs(y) + 1.0f);
    }
    case NK_HARD_SIGMOID:
      return nk_at_most(nk_at_least(x + 3.0f, 0.0f), 6.0f) * 0.166666667f;
    case NK_HARD_SWISH:
      return nk_at_least(x, -3.0f) *
             (nk_at_most(nk_at_least(x + 3.0f, 0.0f), 6.0f) * 0.166666667f);
    case NK_MISH: {
      // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2); it rounds to 1 from 20 on.
      nk_vf e = nk_exp(nk_at_most(x, 20.0f));
      nk_vf n = e * (e + 2.0f);
      return nk_at_least(x, -1e30f) * (n / (n + 2.0f));
    }
    case NK_RELU6:
      return nk_at_most(nk_at_least(x, 0.0f), 6.0f);
    case NK_EXP:
      return nk_exp(x);
    case NK_LOG:
      return nk_log(x);
    case NK_SQUARE:
      return x * x;
    case NK_SQUARE_ROOT:
      return nk_sqrt(x);
    case NK_RECIPROCAL:
      return 1.0f / x;
    case NK_NEGATE:
      return -x;
    case NK_ABSOLUTE_VALUE:
      return nk_abs(x);
    default:
      return x;
  }
}

// dy times the derivative. `s` is the function's input or output, as activation.h says.
NK_INLINE nk_vf NK_NAME(nk_gradient)(int32_t function, nk_vf s, nk_vf dy, float parameter) {
  nk_vf zero = {0};
  switch (function) {
    case NK_RELU:
      return nk_select(s <= zero, zero, dy);
    case NK_LEAKY_RELU:
      return nk_select(s > zero, dy, dy * parameter);
    case NK_ELU:
      return nk_select(s > zero, dy, dy * (s + parameter));
    case NK_SELU:
      return dy * nk_select(s > zero, nk_set1(NK_SELU_SCALE), s + NK_SELU_SCALE * NK_SELU_ALPHA);
    case NK_GELU: {
      nk_vf bell;
      nk_vf cdf = nk_normal_cdf(s, &bell);
      return dy * (cdf + nk_at_most(nk_at_least(s, -15.0f), 15.0f) * bell * NK_NORMAL_DENSITY);
    }
    case NK_GELU_TANH: {
      nk_vf x = nk_at_most(nk_at_least(s, -11.0f), 11.0f);
      nk_vf g = nk_sigmoid(NK_GELU_SCALE * (x + NK_GELU_CUBIC * x * x * x));
      nk_vf slope = NK_GELU_SCALE * (1.0f + 3.0f * NK_GELU_CUBIC * x * x);
      return dy * (g + x * slope * g * (1.0f - g));
    }
    case NK_SILU: {
      nk_vf x = nk_at_most(nk_at_least(s, -88.0f), 88.0f);
      nk_vf e = nk_exp(-x);
      nk_vf g = 1.0f / (e + 1.0f);
      return dy * (g + x * g * (e * g));
    }
    case NK_SIGMOID:
      return dy * (s - s * s);
    case NK_TANH:
      return dy * (1.0f - s * s);
    case NK_SOFTPLUS:
      return dy * -nk_expm1(-s);
    case NK_SOFTSIGN: {
      nk_vf d = 1.0f - nk_abs(s);
      return dy * (d * d);
    }
    case NK_HARD_SIGMOID:
      return nk_select((s <= zero) | (s >= 1.0f), zero, dy * 0.166666667f);
    case NK_HARD_SWISH:
      return nk_select(s <= -3.0f, zero, nk_select(s >= 3.0f, dy, dy * (s * 0.333333333f + 0.5f)));
    case NK_MISH: {
      nk_vf x = nk_at_most(nk_at_least(s, -88.0f), 20.0f);
      nk_vf e = nk_exp(x);
      nk_vf n = e * (e + 2.0f);
      nk_vf m = n + 2.0f;
      return dy * ((n + 4.0f * x * e * (e + 1.0f) / m) / m);
    }
    case NK_RELU6:
      return nk_select((s <= zero) | (s >= 6.0f), zero, dy);
    case NK_EXP:
      return dy * s;
    case NK_LOG:
      return dy / s;
    case NK_SQUARE:
      return dy * (s + s);
    case NK_SQUARE_ROOT:
      return dy * 0.5f / s;
    case NK_RECIPROCAL:
      return dy * -(s * s);
    case NK_NEGATE:
      return -dy;
    case NK_ABSOLUTE_VALUE:
      return nk_select(s > zero, dy, nk_select(s < zero, -dy, dy * s));
    default:
      return dy;
  }
}

// What `CASE` says, for every function.
#define NK_EACH_FUNCTION(CASE)                                                              \
  CASE(NK_RELU)                                                                             \
  CASE(NK_LEAKY_RELU)                                                                       \
  CASE(NK_ELU) CASE(NK_SELU) CASE(NK_GELU) CASE(NK_GELU_TANH) CASE(NK_SILU) CASE(NK_SIGMOID) \
  CASE(NK_TANH) CASE(NK_SOFTPLUS) CASE(NK_SOFTSIGN) CASE(NK_HARD_SIGMOID)                   \
  CASE(NK_HARD_SWISH) CASE(NK_MISH) CASE(NK_RELU6) CASE(NK_EXP) CASE(NK_LOG)                \
  CASE(NK_SQUARE) CASE(NK_SQUARE_ROOT) CASE(NK_RECIPROCAL) CASE(NK_NEGATE)                  \
  CASE(NK_ABSOLUTE_VALUE)

NK_INLINE void NK_NAME(nk_bias_activate_rows)(float *y, ptrdiff_t row_stride, size_t rows,
                                              size_t columns, const float *bias,
                                              int32_t function, float parameter) {
  for (size_t r = 0; r < rows; r++, y += row_stride) {
    size_t c = 0;
    for (; c + NK_WIDTH <= columns; c += NK_WIDTH) {
      nk_vf v = nk_load(y + c);
      if (bias) v += nk_load(bias + c);
      nk_store(y + c, NK_NAME(nk_function)(function, v, parameter));
    }
    if (c < columns) {
      nk_vf v = nk_load_part(y + c, columns - c);
      if (bias) v += nk_load_part(bias + c, columns - c);
      nk_store_part(y + c, NK_NAME(nk_function)(function, v, parameter), columns - c);
    }
  }
}

static void NK_NAME(nk_bias_activate)(float *y, ptrdiff_t row_stride, size_t rows,
                                      size_t columns, const float *bias, int32_t function,
                                      float parameter) {
  if (!bias && row_stride == (ptrdiff_t)columns) {
    columns *= rows;
    rows = rows > 0;
  }
#define NK_CASE(F)                                                                          \
  case F:                                                                                   \
    if (bias)                                                                               \
      NK_NAME(nk_bias_activate_rows)(y, row_stride, rows, columns, bias, F, parameter);     \
    else                                                                                    \
      NK_NAME(nk_bias_activate_rows)(y, row_stride, rows, columns, NULL, F, parameter);     \
    break;
  switch (function) {
    NK_EACH_FUNCTION(NK_CASE)
    default:
      if (bias)
        NK_NAME(nk_bias_activate_rows)
        (y, row_stride, rows, columns, bias, NK_IDENTITY, parameter);
  }
#undef NK_CASE
}

NK_INLINE void NK_NAME(nk_activate_all)(size_t count, const float *x, float *y,
                                        int32_t function, float parameter) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH)
    nk_store(y + i, NK_NAME(nk_function)(function, nk_load(x + i), parameter));
  if (i < count)
    nk_store_part(y + i,
                  NK_NAME(nk_function)(function, nk_load_part(x + i, count - i), parameter),
                  count - i);
}

static void NK_NAME(nk_activate)(size_t count, const float *x, float *y, int32_t function,
                                 float parameter) {
#define NK_CASE(F)                                          \
  case F:                                                   \
    NK_NAME(nk_activate_all)(count, x, y, F, parameter);    \
    break;
  switch (function) {
    NK_EACH_FUNCTION(NK_CASE)
    default:
      if (x != y) memcpy(y, x, count * sizeof(float));
  }
#undef NK_CASE
}

NK_INLINE void NK_NAME(nk_activate_backward_all)(size_t count, const float *saved,
                                                 const float *dy, float *dx, int32_t function,
                                                 float parameter, bool accumulate) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_vf d = NK_NAME(nk_gradient)(function, nk_load(saved + i), nk_load(dy + i), parameter);
    nk_store(dx + i, accumulate ? nk_load(dx + i) + d : d);
  }
  if (i < count) {
    size_t rest = count - i;
    nk_vf d = NK_NAME(nk_gradient)(function, nk_load_part(saved + i, rest),
                                   nk_load_part(dy + i, rest), parameter);
    nk_store_part(dx + i, accumulate ? nk_load_part(dx + i, rest) + d : d, rest);
  }
}

static void NK_NAME(nk_activate_backward)(size_t count, const float *saved, const float *dy,
                                          float *dx, int32_t function, float parameter,
                                          bool accumulate) {
#define NK_CASE(F)                                                                           \
  case F:                                                                                    \
    if (accumulate)                                                                          \
      NK_NAME(nk_activate_backward_all)(count, saved, dy, dx, F, parameter, true);           \
    else                                                                                     \
      NK_NAME(nk_activate_backward_all)(count, saved, dy, dx, F, parameter, false);          \
    break;
  switch (function) {
    NK_EACH_FUNCTION(NK_CASE)
    default:
      if (accumulate)
        NK_NAME(nk_activate_backward_all)(count, dy, dy, dx, NK_IDENTITY, parameter, true);
      else if (dx != dy)
        memcpy(dx, dy, count * sizeof(float));
  }
#undef NK_CASE
}

#undef NK_SELU_SCALE
#undef NK_SELU_ALPHA
#undef NK_GELU_SCALE
#undef NK_GELU_CUBIC
#undef NK_NORMAL_DENSITY
#undef NK_EACH_FUNCTION
