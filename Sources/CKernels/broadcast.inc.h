// Binary operations with repeated operands.
//
// The output is walked in blocks of consecutive elements. What an operand holds there is read in
// place where that is contiguous, and laid out in a buffer in the first-level cache where it is
// not: so there is one loop for each operation, whatever the shapes.

#include "vector_math.h"

NK_INLINE nk_vf NK_NAME(nk_operation)(int32_t operation, nk_vf x, nk_vf y) {
  switch (operation) {
    case NK_ADD:
      return x + y;
    case NK_SUBTRACT:
      return x - y;
    case NK_MULTIPLY:
      return x * y;
    case NK_DIVIDE:
      return x / y;
    case NK_MAXIMUM:
      return nk_maximum(x, y);
    default:
      return nk_minimum(x, y);
  }
}

NK_INLINE void NK_NAME(nk_operation_block)(int32_t operation, size_t count, const float *x,
                                           const float *y, float *z) {
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH)
    nk_store(z + i, NK_NAME(nk_operation)(operation, nk_load(x + i), nk_load(y + i)));
  if (i < count) {
    size_t rest = count - i;
    nk_store_part(
        z + i,
        NK_NAME(nk_operation)(operation, nk_load_part(x + i, rest), nk_load_part(y + i, rest)),
        rest);
  }
}

NK_INLINE void NK_NAME(nk_add_block)(size_t count, const float *x, float *z) {
  NK_NAME(nk_operation_block)(NK_ADD, count, x, z, z);
}

static void NK_NAME(nk_binary)(int32_t operation, const nk_broadcast *geometry, size_t first,
                               size_t count, const float *x, const float *y, float *z,
                               bool accumulate) {
  nk_walk walk;
  nk_operand left, right;
  float result[NK_BLOCK];
  nk_walk_begin(&walk, geometry, first);
  nk_operand_begin(&left, geometry, x, geometry->left);
  nk_operand_begin(&right, geometry, y, geometry->right);
  while (count > 0) {
    size_t n = nk_walk_length(&walk, count);
    const float *a = nk_operand_block(&left, &walk, n);
    const float *b = nk_operand_block(&right, &walk, n);
    float *target = accumulate ? result : z + walk.element;
#define NK_CASE(F)                                      \
  case F:                                               \
    NK_NAME(nk_operation_block)(F, n, a, b, target);    \
    break;
    switch (operation) {
      NK_CASE(NK_ADD)
      NK_CASE(NK_SUBTRACT)
      NK_CASE(NK_MULTIPLY)
      NK_CASE(NK_DIVIDE)
      NK_CASE(NK_MAXIMUM)
      NK_CASE(NK_MINIMUM)
    }
#undef NK_CASE
    if (accumulate) NK_NAME(nk_add_block)(n, result, z + walk.element);
    nk_walk_advance(&walk, n);
    count -= n;
  }
}

// dz times the derivative by the left number, or by the right one.
NK_INLINE nk_vf NK_NAME(nk_partial)(int32_t operation, bool of_right, nk_vf x, nk_vf y,
                                    nk_vf dz) {
  nk_vf zero = {0};
  switch (operation) {
    case NK_ADD:
      return dz;
    case NK_SUBTRACT:
      return of_right ? -dz : dz;
    case NK_MULTIPLY:
      return of_right ? dz * x : dz * y;
    case NK_DIVIDE:
      return of_right ? -(dz * (x / y) / y) : dz / y;
    default: {
      nk_vi wins = (operation == NK_MAXIMUM) == of_right ? x < y : x > y;
      return nk_select(wins, dz, nk_select(x == y, dz * 0.5f, zero));
    }
  }
}

NK_INLINE void NK_NAME(nk_partial_block)(int32_t operation, bool of_right, size_t count,
                                         const float *x, const float *y, const float *dz,
                                         float *result) {
  bool needs_x = operation >= NK_MAXIMUM || (of_right && operation >= NK_MULTIPLY);
  bool needs_y = operation >= NK_DIVIDE || (!of_right && operation == NK_MULTIPLY);
  nk_vf zero = {0};
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_vf a = needs_x ? nk_load(x + i) : zero;
    nk_vf b = needs_y ? nk_load(y + i) : zero;
    nk_store(result + i, NK_NAME(nk_partial)(operation, of_right, a, b, nk_load(dz + i)));
  }
  if (i < count) {
    size_t rest = count - i;
    nk_vf a = needs_x ? nk_load_part(x + i, rest) : zero;
    nk_vf b = needs_y ? nk_load_part(y + i, rest) : zero;
    nk_vf d = NK_NAME(nk_partial)(operation, of_right, a, b, nk_load_part(dz + i, rest));
    nk_store_part(result + i, d, rest);
  }
}

NK_INLINE float NK_NAME(nk_sum_block)(size_t count, const float *x) {
  nk_vf sum[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + 4 * NK_WIDTH <= count; i += 4 * NK_WIDTH)
    NK_UNROLL for (int k = 0; k < 4; k++) sum[k] += nk_load(x + i + k * NK_WIDTH);
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) sum[0] += nk_load(x + i);
  if (i < count) sum[1] += nk_load_part(x + i, count - i);
  return nk_sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static void NK_NAME(nk_binary_backward)(int32_t operation, bool of_right,
                                        const nk_broadcast *geometry, size_t first,
                                        size_t count, const float *x, const float *y,
                                        const float *dz, float *gradient, bool overwrite) {
  nk_walk walk;
  nk_operand left, right;
  float result[NK_BLOCK];
  nk_walk_begin(&walk, geometry, first);
  nk_operand_begin(&left, geometry, x, geometry->left);
  nk_operand_begin(&right, geometry, y, geometry->right);
  const ptrdiff_t *stride = of_right ? geometry->right : geometry->left;
  bool contiguous = of_right ? right.contiguous : left.contiguous;
  int last = geometry->rank - 1;
  size_t row = (size_t)geometry->extent[last];
  // A short vector that all rows share: whole blocks are added up before their rows are.
  bool shared = !contiguous && (of_right ? right.periodic : left.periodic) &&
                stride[last] == 1 && row < NK_SHORT_ROW && count >= 4 * NK_BLOCK;
  float blocks[NK_BLOCK];
  size_t block = NK_BLOCK / row * row;
  if (shared) memset(blocks, 0, block * sizeof(float));
  while (count > 0) {
    size_t n = nk_walk_length(&walk, count);
    const float *a = nk_operand_block(&left, &walk, n);
    const float *b = nk_operand_block(&right, &walk, n);
    float *computed = contiguous && overwrite ? gradient + walk.element : result;
    const float *terms = computed;
#define NK_CASE(F)                                                                           \
  case F:                                                                                    \
    if (of_right)                                                                            \
      NK_NAME(nk_partial_block)(F, true, n, a, b, dz + walk.element, computed);              \
    else                                                                                     \
      NK_NAME(nk_partial_block)(F, false, n, a, b, dz + walk.element, computed);             \
    break;
    switch (operation) {
      case NK_ADD:
        terms = dz + walk.element;
        break;
        NK_CASE(NK_SUBTRACT)
        NK_CASE(NK_MULTIPLY)
        NK_CASE(NK_DIVIDE)
        NK_CASE(NK_MAXIMUM)
        NK_CASE(NK_MINIMUM)
    }
#undef NK_CASE
    if (contiguous) {
      if (!overwrite)
        NK_NAME(nk_add_block)(n, terms, gradient + walk.element);
      else if (terms != computed && terms != gradient + walk.element)
        memcpy(gradient + walk.element, terms, n * sizeof(float));
      nk_walk_advance(&walk, n);
    } else if (shared && n == block) {
      NK_NAME(nk_add_block)(n, terms, blocks);
      nk_walk_advance(&walk, n);
    } else {
      for (size_t i = 0; i < n;) {
        size_t column = (size_t)walk.index[last];
        size_t m = row - column < n - i ? row - column : n - i;
        float *target = gradient + nk_row_offset(geometry, walk.index, stride);
        if (stride[last] == 0)
          *target += NK_NAME(nk_sum_block)(m, terms + i);
        else if (m < NK_WIDTH)
          for (size_t j = 0; j < m; j++) target[column + j] += terms[i + j];
        else
          NK_NAME(nk_add_block)(m, terms + i, target + column);
        nk_walk_advance(&walk, m);
        i += m;
      }
    }
    count -= n;
  }
  if (shared)
    for (size_t i = 0; i < block; i++) gradient[i % row] += blocks[i];
}
