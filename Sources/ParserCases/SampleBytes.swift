import CImageCodecs
import CZlib
import Foundation

/// Small sound files of the formats that are read.
package enum SampleBytes {
  /// An IDX file; of unsigned bytes, if no other type is named.
  package static func idx(
    _ extents: [UInt32], _ elements: [UInt8], type: UInt8 = 0x08
  ) -> [UInt8] {
    [0, 0, type, UInt8(extents.count)] + extents.flatMap(bigEndian) + elements
  }

  /// The bytes as one gzip member.
  package static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    deflated(bytes, windowBits: 15 + 16)
  }

  /// A CIFAR-10 file with a record for each label; a CIFAR-100 file with coarse labels, too.
  package static func cifar(labels: [UInt8], coarse: [UInt8]? = nil) -> [UInt8] {
    let image = (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 1024) }
    return labels.indices.flatMap { index -> [UInt8] in
      let label = coarse.map { [$0[index], labels[index]] } ?? [labels[index]]
      return label + image
    }
  }

  /// A PNG file of 7 × 5 pixels: 1 channel for grey, 2 with alpha, 3 for colour, 4 with alpha.
  package static func png(channels: Int, bits: Int = 8) -> [UInt8] {
    let kind: UInt8 = [0, 4, 2, 6][channels - 1]
    let row = (7 * channels * bits + 7) / 8
    var packed: [UInt8] = []
    for y in 0..<5 {
      packed.append(0)
      packed += (0..<row).map { UInt8(truncatingIfNeeded: $0 * 9 + y * 31) }
    }
    return pngFile(
      header: bigEndian(7) + bigEndian(5) + [UInt8(bits), kind, 0, 0, 0],
      [("gAMA", bigEndian(45_455)), ("IDAT", deflated(packed, windowBits: 15))])
  }

  /// An interlaced PNG file of 2 × 2 pixels with a palette, transparency and texts.
  package static func palettePNG() -> [UInt8] {
    // Adam7's passes that are not empty: 1 pixel, 1 pixel, 2 pixels.
    let packed: [UInt8] = [0, 0x00, 0, 0x40, 0, 0x90]
    return pngFile(
      header: bigEndian(2) + bigEndian(2) + [2, 3, 0, 0, 1],
      [
        ("PLTE", [255, 0, 0, 0, 255, 0, 0, 0, 255]), ("tRNS", [255, 128]),
        ("tEXt", Array("Title\0A palette".utf8)),
        ("zTXt", Array("Comment\0\0".utf8) + deflated(Array("packed text".utf8), windowBits: 15)),
        ("IDAT", deflated(packed, windowBits: 15)),
      ])
  }

  /// A PNG file of chunks; the header's and the last one are added.
  package static func pngFile(header: [UInt8], _ chunks: [(String, [UInt8])]) -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    for (kind, data) in [("IHDR", header)] + chunks + [("IEND", [])] {
      let named = Array(kind.utf8) + data
      file += bigEndian(UInt32(data.count)) + named + bigEndian(checksum(named))
    }
    return file
  }

  /// The file with the checksum of every chunk made right.
  package static func withPNGChecksums(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var start = 8
    while start + 12 <= file.count {
      let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= file.count - start - 12 else { break }
      let end = start + 8 + length
      file.replaceSubrange(end..<end + 4, with: bigEndian(checksum(Array(file[start + 4..<end]))))
      start = end + 4
    }
    return file
  }

  /// A JPEG file of 19 × 13 pixels: 1 channel for grey, 3 for colour, 4 for inks.
  package static func jpeg(channels: Int, progressive: Bool = false) -> [UInt8] {
    let (width, height) = (19, 13)
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: 40 + $0 * 5 / 3) }
    let form = codec_jpeg_form(quality: 60, subsampled: true, progressive: progressive)
    var count = 0
    guard
      let memory = codec_jpeg_encode(
        pixels, UInt32(width), UInt32(height), UInt32(channels), form, &count)
    else { preconditionFailure("A small JPEG can be written.") }
    defer { free(memory) }
    return Array(UnsafeBufferPointer(start: memory, count: count))
  }

  /// The four bytes of a number, the highest first.
  package static func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  /// The bytes as zlib packs them.
  package static func deflated(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    let room = Int(deflateBound(&stream, UInt(bytes.count))) + 64
    return [UInt8](unsafeUninitializedCapacity: room) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(room)
        let status = deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "deflateBound gives room for everything.")
      }
      count = room - Int(stream.avail_out)
    }
  }

  /// CRC-32, as PNG's chunks bear it.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    UInt32(crc32(0, bytes, UInt32(bytes.count)))
  }
}
