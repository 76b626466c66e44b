#include "include/machine_limits.h"

#define NK_FAMILY "machine_limits.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(float, nk_multiply_add, (size_t rounds, float factor, float summand),
            (rounds, factor, summand))

NK_DISPATCH(size_t, nk_multiply_add_operations, (void), ())

NK_DISPATCH(float, nk_stream_read, (size_t count, const float *x), (count, x))

NK_DISPATCH(void, nk_stream_copy, (size_t count, const float *x, float *y), (count, x, y))

NK_DISPATCH(void, nk_stream_triad,
            (size_t count, const float *a, const float *b, float factor, float *y),
            (count, a, b, factor, y))
