#include "include/pooled_gradient.h"

#include "include/pooling.h"
#include "include/prefetch.h"

// A gradient of one channel at one window, and the floats from the image to the first pixel that the
// window's largest saw; negative where there is none.
typedef struct {
  int32_t offset;
  float gradient;
} nk_live;

// Lines of windows that are summed at a time: what they see of 32 channels stays in a first-level cache.
static ptrdiff_t nk_gradient_block(const nk_pooled_gradient *s) {
  const ptrdiff_t lines = 7680 / (s->input_width * 32);
  const ptrdiff_t most = lines < 4 ? 1 : (lines - 2) / 2;
  return most < s->height ? most : s->height;
}

// Windows of a block, and output channels, in whole vectors of any instruction set.
static ptrdiff_t nk_gradient_windows(const nk_pooled_gradient *s) {
  return (nk_gradient_block(s) * s->width + 15) / 16 * 16;
}
static ptrdiff_t nk_gradient_channels(const nk_pooled_gradient *s) {
  return (s->output_channels + 15) / 16 * 16;
}

// Lists of what lives, and how long they are; the corners of windows, and what is not listed yet of
// one vector of channels.
size_t nk_pooled_gradient_scratch(const nk_pooled_gradient *s) {
  const ptrdiff_t windows = nk_gradient_windows(s), channels = nk_gradient_channels(s);
  const ptrdiff_t entries = windows * (channels + 16);
  return (size_t)(entries * (ptrdiff_t)(sizeof(nk_live) / sizeof(float)) + channels + windows);
}

#define NK_FAMILY "pooled_gradient.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_pooled_weight_sums,
            (const nk_pooled_gradient *shape, const float *x, const float *dy,
             const uint8_t *indices, float *scratch, bool accumulate, const float *next,
             float *sums, float *dbias),
            (shape, x, dy, indices, scratch, accumulate, next, sums, dbias))

NK_DISPATCH(void, nk_pooled_weight_gradient,
            (const nk_pooled_gradient *shape, const float *sums, ptrdiff_t first, ptrdiff_t count,
             float *dweights),
            (shape, sums, first, count, dweights))
