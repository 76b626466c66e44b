#ifndef NEEDLETAIL_CKERNELS_POOLED_GRADIENT_H
#define NEEDLETAIL_CKERNELS_POOLED_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The gradient of the weights of a convolution with kernels of 3 × 3 and strides of one, without
/// padding, whose result goes through maxima over windows of 2 × 2, side by side.
///
/// Of the four pixels of a window one has a gradient, and none where relu cut it off. So these are
/// found first, channel by channel, and only what they saw is multiplied: nine products for each, as
/// many as F(4×4, 3×3) takes for a window, without its transforms.
typedef struct {
  /// Of the images, with all pixels that windows see: at least 2 · width + 2 in a line.
  ptrdiff_t input_width, input_channels;
  /// Of the maxima.
  ptrdiff_t height, width, output_channels;
} nk_pooled_gradient;

/// Floats of scratch memory for nk_pooled_weight_sums.
size_t nk_pooled_gradient_scratch(const nk_pooled_gradient *shape);

/// sums = the gradient of the weights for one image, as [output_channels][3][3][input_channels], or +=
/// with `accumulate`; dbias that of the bias, or +=, if not NULL.
///
/// `dy` is the gradient of the maxima, `indices` where in their windows they were (0 … 3, line by
/// line) or NK_NOWHERE, where there is no gradient whatever dy says. The image that follows, `next`, or
/// NULL, is brought into the second-level cache meanwhile.
void nk_pooled_weight_sums(const nk_pooled_gradient *shape, const float *x, const float *dy,
                           const uint8_t *indices, float *scratch, bool accumulate,
                           const float *next, float *sums, float *dbias);

/// dweights = sums in the order of weights, [3][3][input_channels][output_channels]: those of `count`
/// output channels from `first` on.
void nk_pooled_weight_gradient(const nk_pooled_gradient *shape, const float *sums,
                               ptrdiff_t first, ptrdiff_t count, float *dweights);

#endif
