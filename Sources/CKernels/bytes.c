#include "bytes.h"

#define NK_FAMILY "bytes.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_bytes_to_floats,
            (const uint8_t *source, float *destination, size_t count),
            (source, destination, count))

NK_DISPATCH(void, nk_gather_bytes_to_floats,
            (const uint8_t *source, size_t size, const int64_t *indices, size_t rows,
             float *destination),
            (source, size, indices, rows, destination))

NK_DISPATCH(void, nk_interleave_planes,
            (const uint8_t *source, uint8_t *destination, size_t pixels, size_t channels),
            (source, destination, pixels, channels))

NK_DISPATCH(void, nk_resample_row,
            (const uint8_t *source, const int32_t *first, const int32_t *weights, size_t taps,
             size_t width, size_t channels, uint16_t *destination),
            (source, first, weights, taps, width, channels, destination))

NK_DISPATCH(void, nk_blend_rows,
            (const uint16_t *rows, size_t stride, const int32_t *weights, size_t taps,
             size_t count, uint8_t *destination),
            (rows, stride, weights, taps, count, destination))
