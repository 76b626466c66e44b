#ifndef NEEDLETAIL_CKERNELS_BYTES_H
#define NEEDLETAIL_CKERNELS_BYTES_H

#include <stddef.h>
#include <stdint.h>

/// destination[i] = source[i], 0 to 255.
void nk_bytes_to_floats(const uint8_t *source, float *destination, size_t count);

/// Row r of `destination` is row indices[r] of `source`, as numbers from 0 to 255; rows have `size`
/// elements. Fetches rows ahead: those of a shuffled order are not where the processor expects.
void nk_gather_bytes_to_floats(const uint8_t *source, size_t size, const int64_t *indices,
                               size_t rows, float *destination);

/// destination[p * channels + c] = source[c * pixels + p]: planes become pixels.
void nk_interleave_planes(const uint8_t *source, uint8_t *destination, size_t pixels,
                          size_t channels);

/// One row of an image, resampled to `width` pixels.
///
/// Output pixel x is the sum of `taps` input pixels from first[x] on, weighted by
/// weights[x * taps ...], non-negative and of sum 2^22. The result is in units of 1/128, at most
/// 255 * 128. Integers throughout, so that every processor gives the same bits.
void nk_resample_row(const uint8_t *source, const int32_t *first, const int32_t *weights,
                     size_t taps, size_t width, size_t channels, uint16_t *destination);

/// The sum of `taps` rows of nk_resample_row, `stride` elements apart, weighted by `weights`,
/// non-negative and of sum 2^15; rounded to bytes.
void nk_blend_rows(const uint16_t *rows, size_t stride, const int32_t *weights, size_t taps,
                   size_t count, uint8_t *destination);

#endif
