import Datasets
import Images
import ParserCases
import Testing

/// What is odd is read and noted; what is damaged is an error, whatever else is odd.
@Suite struct ImageDamageTests {
  /// Decodes a file in its own size.
  func notes(_ file: [UInt8]) throws -> Set<ImageNote> {
    let decoder = try ImageDecoder(limits: ImageLimits())
    return try file.withUnsafeBytes { bytes in
      let header = try decoder.header(of: bytes, name: "a")
      let count = header.width * header.height * header.channels
      return try decoder.decode(
        bytes, header, name: "a", width: header.width, height: header.height,
        channels: header.channels, to: decoder.outputBytes(count: count, for: "a"))
    }
  }

  @Test func strayBytesAreNoted() throws {
    for (name, expected) in [
      ("jpeg with stray bytes before its end", [.strayBytes]),
      ("jpeg with stray bytes between its segments", [.strayBytes]),
      ("jpeg with bytes behind its end", [.strayBytes]), ("jpeg of an unknown revision", []),
      ("jpeg with restarts", []), ("png rgb 8", []), ("webp", []),
    ] as [(String, Set<ImageNote>)] {
      #expect(try notes(RecordedCases.file(name)) == expected, "\(name)")
    }
    for name in ["png rgb 8", "png palette 4, interlaced", "webp", "jpeg grey"] {
      let file = try RecordedCases.file(name)
      for padding in [1, 2, 100] {
        let padded = file + [UInt8](repeating: 0, count: padding)
        #expect(try notes(padded) == [.strayBytes], "\(name) and \(padding)")
      }
    }
  }

  /// A harmless oddity before the damage, or behind it, hides nothing.
  @Test func oddFilesCanBeDamaged() throws {
    let between = try RecordedCases.file("jpeg with stray bytes between its segments")
    for length in 0..<between.count - 1 {
      #expect(throws: DatasetError.self) { try notes(Array(between[..<length])) }
    }
    // Half of the packed pixels are not there, but the end is.
    let cut = between[..<(between.count - 100)] + [0xFF, 0xD9]
    let error = #expect(throws: DatasetError.self) { try notes(Array(cut)) }
    #expect(error?.kind == .truncated)
    let padded = between[..<(between.count - 100)] + [0xFF, 0xD9, 0, 0, 0, 0, 0xFF, 0xD9]
    #expect(throws: DatasetError.self) { try notes(Array(padded)) }
    // A restart of another number than is due.
    var restarts = try RecordedCases.file("jpeg with restarts")
    let restart = try #require(
      restarts.indices.dropLast().first { restarts[$0] == 0xFF && restarts[$0 + 1] == 0xD0 })
    restarts[restart + 1] = 0xD4
    #expect(throws: DatasetError.self) { try notes(restarts) }
  }

  @Test func valuesOfFewBitsAreNoted() throws {
    func file(_ largest: UInt16, others: UInt16 = 100, channels: Int) -> [UInt8] {
      let values = [UInt16](repeating: others, count: channels * 2 - 1) + [largest]
      return SampleBytes.pngFile(
        header: SampleBytes.bigEndian(2) + SampleBytes.bigEndian(1)
          + [16, [0, 4, 2, 6][channels - 1], 0, 0, 0],
        [
          (
            "IDAT",
            SampleBytes.deflated(
              [0] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, windowBits: 15)
          )
        ])
    }
    for channels in [1, 3] {
      #expect(try notes(file(4095, channels: channels)) == [.fewBits])
      #expect(try notes(file(4096, channels: channels)) == [])
    }
    // Wholly black.
    #expect(try notes(file(0, others: 0, channels: 1)) == [])
    #expect(try notes(file(1, others: 0, channels: 1)) == [.fewBits])
    // Alpha does not count, for it is left out.
    #expect(try notes(file(65_535, channels: 2)) == [.fewBits])
    #expect(try notes(file(65_535, channels: 4)) == [.fewBits])
    #expect(try notes(png(flat(3))) == [])
    #expect(try Image(decoding: file(65_535, channels: 1)).pixels == [0, 255])
    #expect(try Image(decoding: file(33_000, channels: 1)).pixels == [0, 128])
  }

  @Test func variantsThatAreNotReadAreNamed() throws {
    let sound = SampleBytes.jpeg(channels: 3)
    let frame = try #require(
      sound.indices.dropLast().first { sound[$0] == 0xFF && sound[$0 + 1] == 0xC0 })
    for (offset, byte, found) in [
      (1, 0xC3, "kind 0xc3"), (4, 12, "12"), (9, 2, "of 2"), (1, 0xCB, "kind 0xcb"),
    ] as [(Int, UInt8, String)] {
      var file = sound
      file[frame + offset] = byte
      let error = #expect(throws: DatasetError.self) { try Image(decoding: file) }
      #expect(error?.kind == .unsupported)
      #expect(error?.found.contains(found) == true, "\(error as Any)")
    }
    let animated = SampleBytes.extendedWebP(
      flags: 2, SampleBytes.webp(isLossless: true), [("ANIM", [0, 0, 0, 0, 0, 0])])
    let error = #expect(throws: DatasetError.self) { try Image(decoding: animated) }
    #expect(error?.kind == .unsupported)
    #expect(error?.found == "an animated WebP file")
  }

  @Test func everyTruncationOfAWebPIsAnError() {
    for isLossless in [false, true] {
      let file = SampleBytes.webp(isLossless: isLossless)
      for length in 0..<file.count - 1 {
        for bytes in [Array(file[..<length]), SampleBytes.withWebPLength(Array(file[..<length]))] {
          #expect(throws: DatasetError.self) { try Image(decoding: bytes) }
        }
      }
    }
  }
}
