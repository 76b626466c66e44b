// Losses and their gradients.

#include "vector_math.h"
#include "vector_rows.h"

// The vectors of a row, the last one in part: what stands behind is done with `i`, the first
// column, and `n`, how many columns.
#define NK_EACH_VECTOR(columns) \
  for (size_t i = 0, n; n = (columns) - i < NK_WIDTH ? (columns) - i : NK_WIDTH, i < (columns); \
       i += NK_WIDTH)
#define nk_get(p) (n == NK_WIDTH ? nk_load((p) + i) : nk_load_part((p) + i, n))
#define nk_put(p, v)                                                    \
  do {                                                                  \
    if (n == NK_WIDTH)                                                  \
      nk_store((p) + i, v);                                             \
    else                                                                \
      nk_store_part((p) + i, v, n);                                     \
  } while (0)

// The weights of classes, 1 if there are none; zero in lanes past the row.
NK_INLINE nk_vf NK_NAME(nk_weight)(const float *class_weights, size_t i, size_t n) {
  if (class_weights) return nk_get(class_weights);
  return n == NK_WIDTH ? nk_set1(1) : nk_select(nk_lanes_below(n), nk_set1(1), nk_set1(0));
}

static void NK_NAME(nk_cross_entropy)(size_t rows, size_t columns, const float *logits,
                                      const int32_t *labels, float smoothing,
                                      const float *class_weights, float *probabilities,
                                      float *sums) {
  double loss = 0, weights = 0;
  nk_vf weight_sum = {0};
  NK_EACH_VECTOR(columns) weight_sum += NK_NAME(nk_weight)(class_weights, i, n);
  float total = nk_sum_lanes(weight_sum);
  for (size_t r = 0; r < rows; r++, logits += columns, probabilities += columns) {
    float maximum = NK_NAME(nk_row_maximum)(columns, logits);
    // Before the probabilities, which may take the logits' place.
    int32_t label = labels[r];
    bool valid = label >= 0 && (size_t)label < columns;
    float distance = valid ? maximum - logits[label] : __builtin_nanf("");
    float weight = class_weights ? valid ? class_weights[label] : 0 : 1;
    nk_vf spread = {0};
    if (smoothing != 0) {
      NK_EACH_VECTOR(columns)
      spread += NK_NAME(nk_weight)(class_weights, i, n) * (maximum - nk_get(logits));
    }
    float sum = NK_NAME(nk_row_softmax)(columns, logits, maximum, probabilities);
    // -log p = (maximum - x) + log(sum).
    float log_sum = NK_NAME(nk_logarithm)(sum);
    double row = (double)(1 - smoothing) * weight * (distance + log_sum);
    if (smoothing != 0)
      row += (double)(smoothing / (float)columns) *
             ((double)nk_sum_lanes(spread) + (double)total * log_sum);
    loss += row;
    weights += weight;
  }
  sums[0] = (float)loss;
  sums[1] = (float)weights;
}

static void NK_NAME(nk_cross_entropy_backward)(size_t rows, size_t columns,
                                               const float *probabilities,
                                               const int32_t *labels, float smoothing,
                                               const float *class_weights, float factor,
                                               float *dx, bool accumulate) {
  nk_vf weight_sum = {0};
  NK_EACH_VECTOR(columns) weight_sum += NK_NAME(nk_weight)(class_weights, i, n);
  float total = nk_sum_lanes(weight_sum);
  float share = factor * smoothing / (float)columns;
  for (size_t r = 0; r < rows; r++, probabilities += columns, dx += columns) {
    int32_t label = labels[r];
    if (label < 0 || (size_t)label >= columns) {
      if (!accumulate) memset(dx, 0, columns * sizeof(float));
      continue;
    }
    float own = factor * (1 - smoothing) * (class_weights ? class_weights[label] : 1);
    float slope = own + share * total;
    // p - 1 at the label, before dx may take the probabilities' place.
    float at_label = own * (probabilities[label] - 1) + share * total * probabilities[label];
    at_label -= share * (class_weights ? class_weights[label] : 1);
    if (accumulate) at_label += dx[label];
    NK_EACH_VECTOR(columns) {
      nk_vf d = nk_get(probabilities) * slope;
      if (smoothing != 0) d -= class_weights ? nk_get(class_weights) * share : nk_set1(share);
      if (accumulate) d += nk_get(dx);
      nk_put(dx, d);
    }
    dx[label] = at_label;
  }
}

// w[c] ((1 - s) t[c] + s / C): zero in lanes past the row.
NK_INLINE nk_vf NK_NAME(nk_target)(nk_vf t, const float *class_weights, size_t i, size_t n,
                                   float keep, float share) {
  t = t * keep + share;
  if (class_weights) return t * nk_get(class_weights);
  return n == NK_WIDTH ? t : nk_select(nk_lanes_below(n), t, nk_set1(0));
}

static float NK_NAME(nk_cross_entropy_dense)(size_t rows, size_t columns, const float *logits,
                                             const float *targets, float smoothing,
                                             const float *class_weights, float *probabilities) {
  double loss = 0;
  float keep = 1 - smoothing, share = smoothing / (float)columns;
  for (size_t r = 0; r < rows; r++) {
    float maximum = NK_NAME(nk_row_maximum)(columns, logits);
    nk_vf spread = {0}, total = {0};
    NK_EACH_VECTOR(columns) {
      nk_vf t = NK_NAME(nk_target)(nk_get(targets), class_weights, i, n, keep, share);
      spread += t * (maximum - nk_get(logits));
      total += t;
    }
    float sum = NK_NAME(nk_row_softmax)(columns, logits, maximum, probabilities);
    loss += (double)nk_sum_lanes(spread) +
            (double)nk_sum_lanes(total) * NK_NAME(nk_logarithm)(sum);
    logits += columns;
    targets += columns;
    probabilities += columns;
  }
  return (float)loss;
}

static void NK_NAME(nk_cross_entropy_dense_backward)(size_t rows, size_t columns,
                                                     const float *probabilities,
                                                     const float *targets, float smoothing,
                                                     const float *class_weights, float factor,
                                                     float *dx, bool accumulate) {
  float keep = 1 - smoothing, share = smoothing / (float)columns;
  for (size_t r = 0; r < rows; r++) {
    nk_vf total = {0};
    NK_EACH_VECTOR(columns)
    total += NK_NAME(nk_target)(nk_get(targets), class_weights, i, n, keep, share);
    float slope = nk_sum_lanes(total);
    NK_EACH_VECTOR(columns) {
      nk_vf t = NK_NAME(nk_target)(nk_get(targets), class_weights, i, n, keep, share);
      nk_vf d = (nk_get(probabilities) * slope - t) * factor;
      if (accumulate) d += nk_get(dx);
      nk_put(dx, d);
    }
    probabilities += columns;
    targets += columns;
    dx += columns;
  }
}

NK_INLINE nk_vf NK_NAME(nk_loss_of)(int32_t loss, float parameter, nk_vf x, nk_vf t) {
  nk_vf d = x - t, a = nk_abs(d);
  switch (loss) {
    case NK_BINARY_CROSS_ENTROPY:
      return (1.0f - t) * x + (t * (parameter - 1.0f) + 1.0f) * nk_softplus(-x);
    case NK_SQUARED_ERROR:
      return d * d;
    case NK_ABSOLUTE_ERROR:
      return a;
    default:
      return nk_select(a <= parameter, d * d * 0.5f, parameter * (a - 0.5f * parameter));
  }
}

NK_INLINE nk_vf NK_NAME(nk_loss_gradient)(int32_t loss, float parameter, nk_vf x, nk_vf t) {
  nk_vf d = x - t, zero = {0};
  switch (loss) {
    case NK_BINARY_CROSS_ENTROPY: {
      // (1 - t) sigmoid(x) - parameter t sigmoid(-x): no difference of nearly equal numbers.
      nk_vf e = nk_exp(-nk_abs(x));
      nk_vf large = 1.0f / (e + 1.0f), small = e * large;
      nk_vf p = nk_select(x < zero, small, large), q = nk_select(x < zero, large, small);
      return (1.0f - t) * p - (parameter * t) * q;
    }
    case NK_SQUARED_ERROR:
      return d + d;
    case NK_ABSOLUTE_ERROR:
      return nk_select(d == zero, zero, nk_copysign(nk_select(d == d, nk_set1(1), d), d));
    default:
      return nk_at_most(nk_at_least(d, -parameter), parameter);
  }
}

NK_INLINE float NK_NAME(nk_element_loss_of)(int32_t loss, float parameter, size_t count,
                                            const float *x, const float *targets) {
  nk_vf sum[2] = {{0}, {0}};
  size_t i = 0;
  for (; i + 2 * NK_WIDTH <= count; i += 2 * NK_WIDTH)
    NK_UNROLL for (int k = 0; k < 2; k++) {
      size_t j = i + (size_t)k * NK_WIDTH;
      sum[k] += NK_NAME(nk_loss_of)(loss, parameter, nk_load(x + j), nk_load(targets + j));
    }
  for (; i < count; i += NK_WIDTH) {
    size_t n = count - i < NK_WIDTH ? count - i : NK_WIDTH;
    nk_vf l = NK_NAME(nk_loss_of)(loss, parameter, nk_get(x), nk_get(targets));
    sum[0] += n == NK_WIDTH ? l : nk_select(nk_lanes_below(n), l, nk_set1(0));
  }
  return nk_sum_lanes(sum[0] + sum[1]);
}

static float NK_NAME(nk_element_loss)(int32_t loss, float parameter, size_t count,
                                      const float *x, const float *targets) {
#define NK_CASE(L) \
  case L:          \
    return NK_NAME(nk_element_loss_of)(L, parameter, count, x, targets);
  switch (loss) {
    NK_CASE(NK_BINARY_CROSS_ENTROPY)
    NK_CASE(NK_SQUARED_ERROR)
    NK_CASE(NK_ABSOLUTE_ERROR)
    default:
      NK_CASE(NK_HUBER)
  }
#undef NK_CASE
}

NK_INLINE void NK_NAME(nk_element_loss_backward_of)(int32_t loss, float parameter, size_t count,
                                                    const float *x, const float *targets,
                                                    float factor, float *dx, bool accumulate) {
  NK_EACH_VECTOR(count) {
    nk_vf d =
        NK_NAME(nk_loss_gradient)(loss, parameter, nk_get(x), nk_get(targets)) * factor;
    if (accumulate) d += nk_get(dx);
    nk_put(dx, d);
  }
}

static void NK_NAME(nk_element_loss_backward)(int32_t loss, float parameter, size_t count,
                                              const float *x, const float *targets, float factor,
                                              float *dx, bool accumulate) {
#define NK_CASE(L)                                                                              \
  case L:                                                                                       \
    NK_NAME(nk_element_loss_backward_of)(L, parameter, count, x, targets, factor, dx, accumulate); \
    return;
  switch (loss) {
    NK_CASE(NK_BINARY_CROSS_ENTROPY)
    NK_CASE(NK_SQUARED_ERROR)
    NK_CASE(NK_ABSOLUTE_ERROR)
    default:
      NK_CASE(NK_HUBER)
  }
#undef NK_CASE
}

#undef NK_EACH_VECTOR
#undef nk_get
#undef nk_put
