#ifndef NEEDLETAIL_CKERNELS_DROPOUT_H
#define NEEDLETAIL_CKERNELS_DROPOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Keeps elements times `scale` and drops (sets to zero) those whose random word is below
/// `threshold`; mask[i] = 1 where kept, else 0. `y` may be `x`.
///
/// The word of element e = first + i is word (e % 64) / 16 of the Philox block (`nk_philox`) at
/// counter e / 64 * 16 + e % 16 of the stream: a pure function of key, stream and element.
void nk_dropout(size_t count, const float *x, float *y, uint8_t *mask, uint32_t threshold,
                float scale, uint64_t key, uint64_t stream, uint64_t first);

/// dx[i] = dy[i] * scale where mask[i] is not zero, else 0; or += with `accumulate`. `dx` may be
/// `dy`.
void nk_dropout_backward(size_t count, const uint8_t *mask, float scale, const float *dy,
                         float *dx, bool accumulate);

#endif
