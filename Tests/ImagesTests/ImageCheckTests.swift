import Datasets
import Foundation
import Images
import ParserCases
import Tensors
import Testing

/// The look at a file that decodes nothing.
@Suite struct ImageCheckTests {
  let decoder: ImageDecoder

  init() throws {
    decoder = try ImageDecoder(limits: ImageLimits())
  }

  /// Checks bytes that lie in a file.
  func check(_ bytes: [UInt8], in folder: URL) throws -> ImageHeader {
    // The ending says nothing.
    let file = folder.appendingPathComponent("image.gif")
    try Data(bytes).write(to: file)
    return try decoder.check(file.path)
  }

  func header(_ bytes: [UInt8]) throws -> ImageHeader {
    try bytes.withUnsafeBytes { try decoder.header(of: $0, name: "a") }
  }

  /// The check tells the size and the channels that decoding gives.
  @Test func soundFilesPass() throws {
    try withTemporaryFolder { folder in
      for recorded in try RecordedCases.load().images {
        let file = Array(recorded.file)
        let checked = try check(file, in: folder)
        #expect(checked == (try header(file)), "\(recorded.name)")
        let image = try Image(decoding: file)
        #expect(
          image.width == checked.width && image.height == checked.height
            && image.channels == checked.channels, "\(recorded.name)")
      }
    }
  }

  @Test(arguments: [
    "png rgb 8", "png palette 4, interlaced", "png orientation behind the pixels", "jpeg grey",
    "jpeg 4:2:0, progressive", "jpeg orientation 5", "jpeg with stray bytes before its end", "webp",
    "webp orientation 6",
  ]) func everyTruncationIsFound(name: String) throws {
    let file = try RecordedCases.file(name)
    try withTemporaryFolder { folder in
      for length in 0..<file.count - 1 {
        #expect(throws: DatasetError.self, "\(length)") {
          try check(Array(file[..<length]), in: folder)
        }
      }
    }
  }

  /// Files of which the head is fetched, and places behind it one by one.
  @Test func largeFiles() throws {
    try withTemporaryFolder { folder in
      // Pixels that do not pack, so that the files are longer than what is fetched at once.
      var random = RandomStream(seed: 3, purpose: .synthesis)
      let noise = Image(
        width: 160, height: 120, channels: 3,
        pixels: (0..<57_600).map { _ in UInt8(random.next() & 255) })
      let exif = SampleBytes.exif(orientation: 8)
      var sideways = png(noise)
      #expect(sideways.count > 50_000)
      // Behind the pixels, before the last chunk.
      let block = SampleBytes.pngFile(header: [], [("eXIf", exif)])
      sideways.insert(contentsOf: block[20..<block.count - 12], at: sideways.count - 12)
      let photo = jpeg(noise)
      #expect(photo.count > 40_000)
      // Segments of 64 KB before what is looked for.
      let comment = [0xFF, 0xFE, 0xFF, 0xFF] + [UInt8](repeating: 7, count: 0xFFFD)
      let long = photo[..<2] + comment + comment + SampleBytes.withExif(exif, jpeg: photo)[2...]
      let garbage = [UInt8](repeating: 0xAB, count: 100_000)
      for (file, width) in [
        (sideways, 120), (photo, 160), (Array(long), 120), (photo + garbage, 160),
        (photo.dropLast(2) + [UInt8](repeating: 0, count: 70_000) + [0xFF, 0xD9], 160),
      ] {
        let checked = try check(file, in: folder)
        #expect(checked.width == width)
        #expect(checked == (try header(file)))
      }
      for file in [
        Array(sideways.dropLast(12)), Array(photo.dropLast(2)), Array(photo[..<20_000]),
        photo[..<20_000] + garbage, Array(long[..<70_000]), Array(sideways[..<30_000]),
      ] {
        let error = #expect(throws: DatasetError.self) { try check(file, in: folder) }
        #expect(error?.kind == .truncated)
      }
    }
  }

  @Test func whatIsNoImageIsNamed() throws {
    try withTemporaryFolder { folder in
      let empty = #expect(throws: DatasetError.self) { try check([], in: folder) }
      #expect(empty?.kind == .truncated)
      #expect(empty?.found == "an empty file")
      let text = #expect(throws: DatasetError.self) { try check([1, 2, 3], in: folder) }
      #expect(text?.kind == .malformed)
      let missing = #expect(throws: DatasetError.self) { try decoder.check(folder.path + "/none") }
      #expect(missing?.kind == .unreadable)
    }
  }

  @Test func limitsAreChecked() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("a.png")
      try Data(png(flat(1, width: 30, height: 20))).write(to: file)
      let strict = try ImageDecoder(limits: ImageLimits(maximumPixelCount: 599))
      let error = #expect(throws: DatasetError.self) { try strict.check(file.path) }
      #expect(error?.kind == .tooLarge)
      #expect(error?.expected == "at most 599 pixels")
      #expect(error?.advice.contains("--max-image-pixels 600,") == true)
      #expect(error?.advice.contains("ImageLimits.maximumPixelCount") == true)
      let exact = try ImageDecoder(limits: ImageLimits(maximumPixelCount: 600))
      #expect(try exact.check(file.path).height == 20)
    }
  }
}
