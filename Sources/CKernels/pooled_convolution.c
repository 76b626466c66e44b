#include "include/pooled_convolution.h"

#include "include/pooling.h"
#include "include/prefetch.h"

// Lines of the scratch memory, a transformed tile for each window: whole vectors of any instruction set,
// and some more, so that not all lines fall into the same sets of a cache.
static ptrdiff_t nk_scratch_line(const nk_pooled_convolution *s) {
  return (s->width + 15) / 16 * 16 + 16;
}

size_t nk_pooled_winograd_scratch(const nk_pooled_convolution *s) {
  return (size_t)(16 * s->input_channels * nk_scratch_line(s) + 4 * 16 * s->width);
}

#define NK_FAMILY "pooled_convolution.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_image_planes,
            (const nk_pooled_convolution *shape, const float *x, float scale, float offset,
             ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left, float *planes),
            (shape, x, scale, offset, height, width, top, left, planes))

NK_DISPATCH(void, nk_pooled_convolution_forward,
            (const nk_pooled_convolution *shape, const float *planes, const float *weights,
             const float *bias, bool relu, float *y, uint8_t *indices),
            (shape, planes, weights, bias, relu, y, indices))

NK_DISPATCH(void, nk_pooled_winograd_weights,
            (const nk_pooled_convolution *shape, const float *weights, float *u),
            (shape, weights, u))

NK_DISPATCH(void, nk_pooled_winograd_forward,
            (const nk_pooled_convolution *shape, const float *planes, const float *u,
             const float *bias, bool relu, float *y, uint8_t *indices, float *scratch,
             const float *next, size_t next_count),
            (shape, planes, u, bias, relu, y, indices, scratch, next, next_count))

NK_DISPATCH(void, nk_pooled_convolution_backward_weights,
            (const nk_pooled_convolution *shape, const float *planes, const float *dy,
             const uint8_t *indices, float *dweights, float *dbias),
            (shape, planes, dy, indices, dweights, dbias))
