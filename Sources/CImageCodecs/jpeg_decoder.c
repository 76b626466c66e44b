#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
// The numbers of the messages.
#include <jerror.h>

#include "CImageCodecs.h"

struct codec_jpeg {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  codec_status status;
  uint32_t most_scans;
  bool has_stray_bytes;
  char message[JMSG_LENGTH_MAX];
};

static codec_status status_of(int code) {
  switch (code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY: return codec_truncated;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: return codec_out_of_memory;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: return codec_unsupported;
    default: return codec_malformed;
  }
}

static _Noreturn void fail(j_common_ptr info) {
  codec_jpeg *decoder = info->client_data;
  info->err->format_message(info, decoder->message);
  decoder->status = status_of(info->err->msg_code);
  longjmp(decoder->escape, 1);
}

static void judge(j_common_ptr info, int level) {
  // What is not negative tells of the work, not of trouble.
  if (level >= 0) return;
  codec_jpeg *decoder = info->client_data;
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA: decoder->has_stray_bytes = true; return;
    // Labels: a version, a profile, scan parameters and a code that only have one sensible
    // meaning. Pixels are decoded the same way whatever they say.
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC: return;
    default: fail(info);
  }
}

static void stay_silent(j_common_ptr info) { (void)info; }

static void bound_scans(j_common_ptr info) {
  codec_jpeg *decoder = info->client_data;
  if ((uint32_t)decoder->info.input_scan_number <= decoder->most_scans) return;
  snprintf(decoder->message, sizeof decoder->message, "more than %u scans", decoder->most_scans);
  decoder->status = codec_too_many_scans;
  longjmp(decoder->escape, 1);
}

codec_jpeg *codec_jpeg_create(void) {
  codec_jpeg *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  decoder->info.err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = fail;
  decoder->errors.emit_message = judge;
  decoder->errors.output_message = stay_silent;
  decoder->info.client_data = decoder;
  decoder->progress.progress_monitor = bound_scans;
  if (setjmp(decoder->escape)) {
    codec_jpeg_destroy(decoder);
    return NULL;
  }
  jpeg_create_decompress(&decoder->info);
  decoder->info.progress = &decoder->progress;
  return decoder;
}

void codec_jpeg_destroy(codec_jpeg *decoder) {
  jpeg_destroy_decompress(&decoder->info);
  free(decoder);
}

/// a * b / 255, rounded.
static uint8_t scaled(uint32_t a, uint32_t b) {
  uint32_t product = a * b + 128;
  return (uint8_t)((product + (product >> 8)) >> 8);
}

/// Ink becomes light. Adobe's files, which all others follow, hold the light that each ink lets
/// pass, not the amount of ink.
static void convert_row(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++)
    for (uint32_t c = 0; c < 3; c++) rgb[3 * x + c] = scaled(cmyk[4 * x + c], cmyk[4 * x + 3]);
}

codec_status codec_jpeg_decode(codec_jpeg *decoder, const uint8_t *bytes, size_t count,
                               uint32_t width, uint32_t height, uint32_t channels,
                               uint32_t most_scans, uint8_t *destination, bool *has_stray_bytes,
                               char *message) {
  struct jpeg_decompress_struct *info = &decoder->info;
  decoder->status = codec_decoded;
  decoder->has_stray_bytes = false;
  decoder->most_scans = most_scans;
  if (setjmp(decoder->escape)) {
    jpeg_abort_decompress(info);
    snprintf(message, codec_message_size, "%s", decoder->message);
    return decoder->status;
  }
  jpeg_mem_src(info, bytes, count);
  jpeg_read_header(info, TRUE);
  bool is_inks = info->num_components == 4;
  if (info->image_width != width || info->image_height != height ||
      (info->num_components == 1) != (channels == 1)) {
    snprintf(decoder->message, sizeof decoder->message, "a second frame of another size");
    decoder->status = codec_malformed;
    longjmp(decoder->escape, 1);
  }
  info->out_color_space = channels == 1 ? JCS_GRAYSCALE : is_inks ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(info);
  // Belongs to the image, and goes with it.
  JSAMPARRAY inks =
      is_inks ? info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, width * 4, 1) : NULL;
  // As many rows as the library makes at once, and more. The memory source always has some: data
  // that end give a warning, and so an error.
  enum { most = 8 };
  while (info->output_scanline < height) {
    JSAMPROW rows[most];
    uint32_t count = height - info->output_scanline < most ? height - info->output_scanline : most;
    for (uint32_t r = 0; r < count; r++)
      rows[r] = destination + (size_t)(info->output_scanline + r) * width * channels;
    if (is_inks) {
      jpeg_read_scanlines(info, inks, 1);
      convert_row(inks[0], rows[0], width);
    } else {
      jpeg_read_scanlines(info, rows, count);
    }
  }
  // Reads up to the end of the image: one that is not there is a warning.
  jpeg_finish_decompress(info);
  *has_stray_bytes = decoder->has_stray_bytes || info->src->bytes_in_buffer > 0;
  return codec_decoded;
}
