#include "include/winograd.h"

#include "include/pooling.h"

#define NK_FAMILY "winograd.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_winograd_input,
            (const nk_winograd *shape, const float *x, size_t first, size_t count, float *v,
             ptrdiff_t point_step, ptrdiff_t row_step),
            (shape, x, first, count, v, point_step, row_step))

NK_DISPATCH(void, nk_winograd_output,
            (const nk_winograd *shape, const float *m, ptrdiff_t point_step, ptrdiff_t row_step,
             size_t first, size_t count, float *y, const nk_tile_finish *finish),
            (shape, m, point_step, row_step, first, count, y, finish))

NK_DISPATCH(void, nk_winograd_output_gradient,
            (const nk_winograd *shape, const float *dy, size_t first, size_t count, float *m,
             ptrdiff_t point_step, ptrdiff_t row_step),
            (shape, dy, first, count, m, point_step, row_step))

NK_DISPATCH(void, nk_winograd_pooled_output,
            (const nk_winograd *shape, const float *m, ptrdiff_t point_step, ptrdiff_t row_step,
             size_t first, size_t count, const float *bias, bool relu, float *y, uint8_t *indices),
            (shape, m, point_step, row_step, first, count, bias, relu, y, indices))

NK_DISPATCH(void, nk_winograd_pooled_gradient,
            (const nk_winograd *shape, const float *dy, const uint8_t *indices, size_t first,
             size_t count, float *m, ptrdiff_t point_step, ptrdiff_t row_step),
            (shape, dy, indices, first, count, m, point_step, row_step))

NK_DISPATCH(void, nk_winograd_input_gradient,
            (const nk_winograd *shape, const float *v, ptrdiff_t point_step, ptrdiff_t row_step,
             size_t first, size_t count, float *dx),
            (shape, v, point_step, row_step, first, count, dx))

NK_DISPATCH(void, nk_winograd_weights,
            (const nk_winograd *shape, const float *w, size_t first, size_t count,
             bool transposed, float *u),
            (shape, w, first, count, transposed, u))

NK_DISPATCH(void, nk_winograd_weight_gradient,
            (const nk_winograd *shape, const float *du, ptrdiff_t point_step, size_t first,
             size_t count, bool accumulate, float *dw),
            (shape, du, point_step, first, count, accumulate, dw))
