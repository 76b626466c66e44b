#include "include/elementwise.h"

#define NK_FAMILY "elementwise.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_affine,
            (size_t count, const float *x, float scale, float offset, float *y),
            (count, x, scale, offset, y))

NK_DISPATCH(void, nk_affine_channels,
            (size_t rows, size_t channels, const float *x, const float *scale,
             const float *offset, float *y),
            (rows, channels, x, scale, offset, y))

NK_DISPATCH(void, nk_add, (size_t count, const float *x, float *y), (count, x, y))

NK_DISPATCH(void, nk_scale, (size_t count, float factor, float *y), (count, factor, y))

NK_DISPATCH(void, nk_fill, (size_t count, float value, float *y), (count, value, y))
