#include "include/broadcast.h"

#include "broadcast_walk.h"

#define NK_FAMILY "broadcast.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_binary,
            (int32_t operation, const nk_broadcast *geometry, size_t first, size_t count,
             const float *x, const float *y, float *z, bool accumulate),
            (operation, geometry, first, count, x, y, z, accumulate))

NK_DISPATCH(void, nk_binary_backward,
            (int32_t operation, bool of_right, const nk_broadcast *geometry, size_t first,
             size_t count, const float *x, const float *y, const float *dz, float *gradient,
             bool overwrite),
            (operation, of_right, geometry, first, count, x, y, dz, gradient, overwrite))
