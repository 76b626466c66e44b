// libjpeg and libpng for Swift.
//
// Both report an error by a call that must not return: in C by longjmp, which may not pass over
// frames of Swift. Here it never leaves the function that was called.
#ifndef NEEDLETAIL_CIMAGECODECS_H
#define NEEDLETAIL_CIMAGECODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What came of decoding a file.
typedef enum {
  codec_decoded = 0,
  /// The data end before the image does.
  codec_truncated,
  /// The data are not what the format says.
  codec_malformed,
  /// A variant of the format that the library does not read.
  codec_unsupported,
  /// More scans than were allowed.
  codec_too_many_scans,
  /// No memory.
  codec_out_of_memory,
} codec_status;

/// The bytes that a message takes at most, with its closing zero.
enum { codec_message_size = 200 };

/// libjpeg's decoder, for one thread at a time.
typedef struct codec_jpeg codec_jpeg;

/// A decoder, or NULL if there is no memory.
codec_jpeg *codec_jpeg_create(void);

void codec_jpeg_destroy(codec_jpeg *decoder);

/// Decodes a whole file into height * width * channels bytes: one channel of a file with one
/// component, else red, green and blue.
///
/// Any warning of the library is an error, except of bytes between the parts of a file, which
/// *has_stray_bytes tells, as it does of bytes behind the end, and of labels that change no pixel. `message` receives the library's
/// words where the result is an error.
codec_status codec_jpeg_decode(codec_jpeg *decoder, const uint8_t *bytes, size_t count,
                               uint32_t width, uint32_t height, uint32_t channels,
                               uint32_t most_scans, uint8_t *destination, bool *has_stray_bytes,
                               char *message);

/// How a JPEG file is written.
typedef struct {
  /// From 1 to 100.
  int quality;
  /// Chroma at half the width and height.
  bool subsampled;
  bool progressive;
} codec_jpeg_form;

/// Writes an image of 1 channel, 3, or 4 of inks as a JPEG file; returns memory that free() takes
/// back, or NULL.
uint8_t *codec_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height,
                           uint32_t channels, codec_jpeg_form form, size_t *count);

/// Some of the bytes of a file.
typedef struct {
  const uint8_t *start;
  size_t count;
} codec_span;

/// Decodes the spans of a PNG file, read one after the other, into height * width * channels
/// numbers of `bits` bits, 8 or 16 in the machine's order. An alpha channel is left out, and no
/// gamma applied.
codec_status codec_png_decode(const codec_span *spans, size_t span_count, uint32_t width,
                              uint32_t height, uint32_t channels, uint32_t bits,
                              uint8_t *destination, char *message);

#endif
