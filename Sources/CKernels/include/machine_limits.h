#ifndef NEEDLETAIL_CKERNELS_MACHINE_LIMITS_H
#define NEEDLETAIL_CKERNELS_MACHINE_LIMITS_H

#include <stddef.h>

// Loops that do nothing but reach a limit of the processor, to be timed.

/// Multiplies and adds in registers, `rounds` times; gives a number that depends on all of it.
///
/// Every chain is x = x · factor + summand. With 0 < factor < 1 no chain overflows.
float nk_multiply_add(size_t rounds, float factor, float summand);

/// The floating-point operations of a round of `nk_multiply_add`: two a lane of each chain.
size_t nk_multiply_add_operations(void);

/// The sum of x[0, count), in some order: reads `count` floats.
float nk_stream_read(size_t count, const float *x);

/// y = x: reads `count` floats and writes as many.
void nk_stream_copy(size_t count, const float *x, float *y);

/// y = a + factor · b: reads 2 · `count` floats and writes `count`.
void nk_stream_triad(size_t count, const float *a, const float *b, float factor, float *y);

#endif
