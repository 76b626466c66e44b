#include "include/dropout.h"

#define NK_FAMILY "dropout.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_dropout,
            (size_t count, const float *x, float *y, uint8_t *mask, uint32_t threshold,
             float scale, uint64_t key, uint64_t stream, uint64_t first),
            (count, x, y, mask, threshold, scale, key, stream, first))

NK_DISPATCH(void, nk_dropout_backward,
            (size_t count, const uint8_t *mask, float scale, const float *dy, float *dx,
             bool accumulate),
            (count, mask, scale, dy, dx, accumulate))
