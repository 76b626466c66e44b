#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CImageCodecs.h"

/// With a way out of the library's errors.
typedef struct {
  struct jpeg_error_mgr errors;
  jmp_buf escape;
} escaping_errors;

static _Noreturn void fail(j_common_ptr info) {
  longjmp(((escaping_errors *)info->err)->escape, 1);
}

static void stay_silent(j_common_ptr info) { (void)info; }

uint8_t *codec_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height,
                           uint32_t channels, codec_jpeg_form form, size_t *count) {
  struct jpeg_compress_struct info;
  escaping_errors errors;
  unsigned char *memory = NULL;
  unsigned long size = 0;
  info.err = jpeg_std_error(&errors.errors);
  errors.errors.error_exit = fail;
  errors.errors.output_message = stay_silent;
  if (setjmp(errors.escape)) {
    // The library does not tell where its memory lies before it is done: that stays behind.
    jpeg_destroy_compress(&info);
    return NULL;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = (int)channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, form.quality, TRUE);
  if (!form.subsampled) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (form.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)pixels + (size_t)info.next_scanline * width * channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *count = size;
  return memory;
}
