#ifndef NEEDLETAIL_CKERNELS_BROADCAST_H
#define NEEDLETAIL_CKERNELS_BROADCAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NK_BROADCAST_RANK = 8 };

/// How two operands are repeated to fill an output, which is contiguous.
///
/// Strides count elements and are zero where an operand is repeated. The last one is 0 or 1 in
/// each operand. A rank of at least 1.
typedef struct {
  int32_t rank;
  ptrdiff_t extent[NK_BROADCAST_RANK];
  ptrdiff_t left[NK_BROADCAST_RANK];
  ptrdiff_t right[NK_BROADCAST_RANK];
} nk_broadcast;

/// Functions of two numbers. NaN in either operand gives NaN.
enum {
  NK_ADD = 0,
  NK_SUBTRACT = 1,
  NK_MULTIPLY = 2,
  NK_DIVIDE = 3,
  NK_MAXIMUM = 4,
  NK_MINIMUM = 5,
};

/// Elements `first ..< first + count` of z = x operation y, or += with `accumulate`.
///
/// Without repetition of the operand, `z` may be `x` or `y`.
void nk_binary(int32_t operation, const nk_broadcast *geometry, size_t first, size_t count,
               const float *x, const float *y, float *z, bool accumulate);

/// Adds to `gradient` what elements `first ..< first + count` of the output contribute to the
/// gradient of the left operand, or of the right one with `of_right`, in the order of the
/// elements. With `overwrite`, an operand that is not repeated is written instead; `gradient` may
/// then be `dz`.
///
/// NK_ADD and NK_SUBTRACT read neither `x` nor `y`, which may be NULL; so does NK_MULTIPLY with
/// the operand itself, and NK_DIVIDE reads only `y` for the left. Where the operands of NK_MAXIMUM
/// or NK_MINIMUM are equal, each gets half.
void nk_binary_backward(int32_t operation, bool of_right, const nk_broadcast *geometry,
                        size_t first, size_t count, const float *x, const float *y,
                        const float *dz, float *gradient, bool overwrite);

#endif
