#ifndef NEEDLETAIL_CKERNELS_WINDOW_H
#define NEEDLETAIL_CKERNELS_WINDOW_H

#include <stddef.h>

/// How a window moves over NHWC images. All numbers are pixels, but for `input_channels`, the
/// number of floats from one pixel to the next.
///
/// Output pixel (oy, ox) sees, at place (ky, kx) of the window, the input pixel
/// (oy·stride_y + ky·dilation_y − padding_top, ox·stride_x + kx·dilation_x − padding_left), or
/// nothing where that is outside of the image. A padding may be negative: so a part of a window
/// is a window of its own.
typedef struct {
  ptrdiff_t input_height, input_width, input_channels;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_y, stride_x;
  ptrdiff_t dilation_y, dilation_x;
  ptrdiff_t padding_top, padding_left;
  ptrdiff_t output_height, output_width;
} nk_window;

#endif
