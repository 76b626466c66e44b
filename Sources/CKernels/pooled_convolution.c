#include "include/pooled_convolution.h"

#define NK_FAMILY "pooled_convolution.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_image_planes,
            (const nk_pooled_convolution *shape, const float *x, ptrdiff_t height, ptrdiff_t width,
             ptrdiff_t top, ptrdiff_t left, float *planes),
            (shape, x, height, width, top, left, planes))

NK_DISPATCH(void, nk_pooled_convolution_forward,
            (const nk_pooled_convolution *shape, const float *planes, const float *weights,
             const float *bias, bool relu, float *y, uint8_t *indices),
            (shape, planes, weights, bias, relu, y, indices))

NK_DISPATCH(void, nk_pooled_convolution_backward_weights,
            (const nk_pooled_convolution *shape, const float *planes, const float *dy,
             const uint8_t *indices, float *dweights),
            (shape, planes, dy, indices, dweights))
