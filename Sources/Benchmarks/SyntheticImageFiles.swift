import CImageCodecs
import CPNG
import CZlib
import FilePaths
import Foundation
import Tensors

/// Files of made-up images in a folder of their own, which goes with this object.
final class SyntheticImageFiles {
  let folder: URL

  /// Creates an empty folder.
  init() throws {
    folder = URL(pathText: FileSystem.temporaryFolder())
      .appendingPathComponent("needletail-bench-\(UUID().uuidString)")
    try Self.createFolder(folder)
  }

  deinit {
    // A folder that stays behind is in the system's place for temporary files.
    Self.remove(folder.path)
  }

  private static func remove(_ folder: String) {
    for entry in FileSystem.entries(of: folder) ?? [] {
      let path = folder + "/" + entry.name
      if entry.kind == .folder { remove(path) } else { FileSystem.removeFile(path) }
    }
    FileSystem.removeFolder(folder)
  }

  private static func createFolder(_ url: URL) throws {
    guard FileSystem.createFolder(url.path) || errno == EEXIST else { throw trouble(at: url) }
  }

  /// Writes MNIST's two files of the training part, gzip-compressed or plain; returns their folder.
  func writeIDX(count: Int, side: Int, compressed: Bool) throws -> URL {
    let home = folder.appendingPathComponent(compressed ? "idx-gzip" : "idx")
    try Self.createFolder(home)
    func head(_ kind: UInt8, _ extents: [Int]) -> [UInt8] {
      [0, 0, 8, kind]
        + extents.flatMap { extent in (0..<4).reversed().map { UInt8(extent >> ($0 * 8) & 255) } }
    }
    let pixels = (0..<count).flatMap { photo(width: side, height: side, channels: 1, seed: $0) }
    let files = [
      ("train-images-idx3-ubyte", head(3, [count, side, side]) + pixels),
      ("train-labels-idx1-ubyte", head(1, [count]) + (0..<count).map { UInt8($0 % 10) }),
    ]
    for (name, bytes) in files {
      if compressed {
        try write(try gzipped(bytes), to: home.appendingPathComponent(name + ".gz"))
      } else {
        try write(bytes, to: home.appendingPathComponent(name))
      }
    }
    return home
  }

  /// Writes CIFAR-10's five files of the training part; returns their folder.
  func writeCIFAR10(count: Int) throws -> URL {
    let home = folder.appendingPathComponent("cifar10")
    try Self.createFolder(home)
    for file in 1...5 {
      let bytes = (0..<count / 5).flatMap { index in
        [UInt8(index % 10)] + photo(width: 32, height: 32, channels: 3, seed: index)
      }
      try write(bytes, to: home.appendingPathComponent("data_batch_\(file).bin"))
    }
    return home
  }

  /// The formats of image files.
  enum Format: String {
    case png
    case jpeg
  }

  /// Writes colour images in two folders of classes; returns the folder of both.
  func writeImages(_ format: Format, count: Int, side: Int) throws -> URL {
    let home = folder.appendingPathComponent("\(format.rawValue)-\(side)")
    try Self.createFolder(home)
    for name in ["class0", "class1"] { try Self.createFolder(home.appendingPathComponent(name)) }
    for index in 0..<count {
      let pixels = photo(width: side, height: side, channels: 3, seed: index)
      let bytes = try format == .png ? png(pixels, side: side) : jpeg(pixels, side: side)
      try write(
        bytes, to: home.appendingPathComponent("class\(index % 2)/\(index).\(format.rawValue)"))
    }
    return home
  }

  private func write(_ bytes: [UInt8], to url: URL) throws {
    guard FileSystem.write(bytes, to: url.path) else { throw Self.trouble(at: url) }
  }

  /// The error of a call that has just failed.
  private static func trouble(at url: URL) -> BenchmarkError {
    let reason = String(cString: strerror(errno))
    return BenchmarkError(
      .notWritten,
      "\(url.path): expected to write made-up images there, found \(reason); choose "
        + "another folder with the environment variable TMPDIR.")
  }

  /// An image that compresses about as photographs do: smooth shapes, and some noise.
  private func photo(width: Int, height: Int, channels: Int, seed: Int) -> [UInt8] {
    var random = RandomStream(seed: UInt64(seed), purpose: .synthesis)
    let (a, b) = (Int(random.next() % 7) + 1, Int(random.next() % 7) + 1)
    return [UInt8](unsafeUninitializedCapacity: width * height * channels) { pixels, count in
      for y in 0..<height {
        for x in 0..<width {
          let noise = random.next()
          for channel in 0..<channels {
            let smooth = (x * a * 97 + y * b * 61 + channel * 4000) / 64 % 200
            pixels[count] = UInt8(smooth + Int(noise >> (channel * 8) & 15) + 20)
            count += 1
          }
        }
      }
    }
  }

  private func png(_ pixels: [UInt8], side: Int) throws -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(side)
    image.height = UInt32(side)
    image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    var bytes = [UInt8](repeating: 0, count: pixels.count * 2 + 4096)
    var size = bytes.count
    guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil) != 0 else {
      throw BenchmarkError(.notWritten, "libpng did not compress a made-up image.")
    }
    return Array(bytes[..<size])
  }

  private func jpeg(_ pixels: [UInt8], side: Int) throws -> [UInt8] {
    var count = 0
    let side = UInt32(side)
    let form = codec_jpeg_form(quality: 90, subsampled: true, progressive: false)
    guard let memory = codec_jpeg_encode(pixels, side, side, 3, form, &count) else {
      throw BenchmarkError(.notWritten, "libjpeg-turbo did not compress a made-up image.")
    }
    defer { free(memory) }
    return Array(UnsafeBufferPointer(start: memory, count: count))
  }

  private func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    // 16 beyond the window's 15 bits asks for gzip's form.
    guard
      deflateInit2_(
        &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw BenchmarkError(.notWritten, "zlib could not be set up.") }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let room = output.count
    let status = input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        return deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else {
      throw BenchmarkError(.notWritten, "zlib did not compress made-up images.")
    }
    return Array(output[..<(room - Int(stream.avail_out))])
  }
}
