#ifndef NEEDLETAIL_CKERNELS_ELEMENTWISE_H
#define NEEDLETAIL_CKERNELS_ELEMENTWISE_H

#include <stddef.h>

/// y[i] = x[i] * scale + offset. `y` may be `x`.
void nk_affine(size_t count, const float *x, float scale, float offset, float *y);

/// y[r, c] = x[r, c] * scale[c] + offset[c]. `y` may be `x`.
void nk_affine_channels(size_t rows, size_t channels, const float *x, const float *scale,
                        const float *offset, float *y);

/// y[i] += x[i].
void nk_add(size_t count, const float *x, float *y);

/// y[i] *= factor.
void nk_scale(size_t count, float factor, float *y);

/// y[i] = value.
void nk_fill(size_t count, float value, float *y);

#endif
