#ifndef NEEDLETAIL_CKERNELS_POOLED_CONVOLUTION_H
#define NEEDLETAIL_CKERNELS_POOLED_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A convolution of an image of few channels with kernels of 3 × 3, strides of one, and the maxima over
/// windows of 2 × 2 of its result, side by side: what is between the two stays in registers.
///
/// The image is given in planes: [channels][lines][columns], padding included, with
/// lines ≥ 2 · height + 2 and columns ≥ 2 · width + 2.
typedef struct {
  ptrdiff_t input_channels;
  ptrdiff_t lines, columns;
  /// Of the result, after pooling.
  ptrdiff_t height, width, output_channels;
} nk_pooled_convolution;

/// The planes of x · scale + offset, for an image x [height][width][input_channels] whose first pixel is
/// `top` lines and `left` columns inside of them; zeros around it, and pixels beyond the planes left out.
void nk_image_planes(const nk_pooled_convolution *shape, const float *x, float scale,
                     float offset, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top,
                     ptrdiff_t left, float *planes);

/// y = the maxima of planes ∗ weights + bias, then max(0, ·) with `relu`; indices = where in its window
/// each was: 0 … 3, line by line, the first of equals, NaN larger than anything; NK_NOWHERE where `relu`
/// cut it off.
///
/// `weights` is [3][3][input_channels][output_channels]; `bias` may be NULL. y and indices are
/// [height][width][output_channels]; `indices` may be NULL.
void nk_pooled_convolution_forward(const nk_pooled_convolution *shape, const float *planes,
                                   const float *weights, const float *bias, bool relu, float *y,
                                   uint8_t *indices);

/// Floats of scratch memory for nk_pooled_winograd_forward.
size_t nk_pooled_winograd_scratch(const nk_pooled_convolution *shape);

/// The weights as nk_pooled_winograd_forward takes them: 16 · input_channels · output_channels floats.
void nk_pooled_winograd_weights(const nk_pooled_convolution *shape, const float *weights, float *u);

/// The same as nk_pooled_convolution_forward by F(2×2, 3×3), a window a tile: 16 products for each
/// channel instead of 36. `next_count` floats from `next` on, of the image that follows, are brought into
/// the second-level cache meanwhile; they need not exist.
void nk_pooled_winograd_forward(const nk_pooled_convolution *shape, const float *planes,
                                const float *u, const float *bias, bool relu, float *y,
                                uint8_t *indices, float *scratch, const float *next,
                                size_t next_count);

/// dweights += the gradient of the weights, for the gradient dy of y; dbias += that of the bias, if not
/// NULL.
///
/// Of the four pixels of a window only the largest has a gradient, so only it is multiplied; none has
/// one where the index is NK_NOWHERE.
void nk_pooled_convolution_backward_weights(const nk_pooled_convolution *shape,
                                            const float *planes, const float *dy,
                                            const uint8_t *indices, float *dweights, float *dbias);

#endif
