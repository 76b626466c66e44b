#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CImageCodecs.h"

typedef struct {
  const codec_span *spans;
  size_t span_count;
  /// How many bytes of the first span were read.
  size_t position;
  codec_status status;
  char *message;
} png_context;

static _Noreturn void fail(png_structp png, png_const_charp text) {
  png_context *context = png_get_error_ptr(png);
  snprintf(context->message, codec_message_size, "%s", text);
  if (context->status == codec_decoded) context->status = codec_malformed;
  png_longjmp(png, 1);
}

/// What the library goes on after changes no pixel.
static void stay_silent(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

/// Tells memory that is not there from data that are wrong: the library has one error for both.
static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  void *memory = malloc(size);
  png_context *context = png_get_mem_ptr(png);
  if (!memory) context->status = codec_out_of_memory;
  return memory;
}

static void release(png_structp png, png_voidp memory) {
  (void)png;
  free(memory);
}

static void read_spans(png_structp png, png_bytep destination, size_t count) {
  png_context *context = png_get_io_ptr(png);
  while (count > 0) {
    if (context->span_count == 0) {
      context->status = codec_truncated;
      png_error(png, "the data end");
    }
    size_t rest = context->spans->count - context->position;
    size_t part = rest < count ? rest : count;
    memcpy(destination, context->spans->start + context->position, part);
    destination += part;
    count -= part;
    context->position += part;
    if (part == rest) {
      context->spans++;
      context->span_count--;
      context->position = 0;
    }
  }
}

codec_status codec_png_decode(const codec_span *spans, size_t span_count, uint32_t width,
                              uint32_t height, uint32_t channels, uint32_t bits,
                              uint8_t *destination, char *message) {
  png_context context = {.spans = spans, .span_count = span_count, .message = message};
  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &context, fail, stay_silent,
                                             &context, allocate, release);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    if (png) png_destroy_read_struct(&png, NULL, NULL);
    snprintf(message, codec_message_size, "no memory");
    return codec_out_of_memory;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return context.status;
  }
  png_set_read_fn(png, &context, read_spans);
  // The caller has limits of its own.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(png, info);
  int kind = png_get_color_type(png, info);
  int depth = png_get_bit_depth(png, info);
  if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (kind == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (kind & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (depth == 16) png_set_swap(png);
#endif
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_size = (size_t)width * channels * (bits / 8);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height ||
      png_get_rowbytes(png, info) != row_size)
    png_error(png, "a second header of another size");
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < height; y++) png_read_row(png, destination + y * row_size, NULL);
  // Chunks behind the pixels were looked through by the caller.
  png_destroy_read_struct(&png, &info, NULL);
  return codec_decoded;
}
