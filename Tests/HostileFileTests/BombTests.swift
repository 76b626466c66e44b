import Datasets
import Glibc
import Images
import ModelFiles
import ParserCases
import Testing

/// Small files that claim, or unpack to, very much.
@Suite struct BombTests {
  /// 65,535 × 65,535 pixels from a file of a hundred bytes.
  @Test(arguments: [false, true]) func enormousPNG(hasRightChecksum: Bool) throws {
    let side = SampleBytes.bigEndian(65_535)
    let file = SampleBytes.pngFile(header: side + side + [8, 2, 0, 0, 0], [("IDAT", [1, 2, 3])])
    #expect(file.count < 100)
    let bytes = hasRightChecksum ? file : Array(file.dropLast()) + [0]
    let error = #expect(throws: DatasetError.self) { try Image(decoding: bytes, name: "bomb.png") }
    #expect(error?.kind == .tooLarge)
    #expect(error?.description.contains("bomb.png: expected at most 67108864 pixels") == true)
    #expect(error?.found == "65535 × 65535")
  }

  /// Texts of 8 MB each, packed a thousandfold: libpng would keep all of them.
  @Test func packedTextsInAPNGAreLeftOut() throws {
    let text = SampleBytes.deflated([UInt8](repeating: 65, count: 7_900_000), windowBits: 15)
    let plain = SampleBytes.png(channels: 3)
    // Behind the header's chunk.
    let bomb =
      Array(plain[..<33])
      + SampleBytes.pngFile(
        header: [], [(String, [UInt8])](repeating: ("zTXt", Array("a\0\0".utf8) + text), count: 200)
      ).dropFirst(8 + 12).dropLast(12) + Array(plain[33...])
    let before = peakMemory()
    #expect(try Image(decoding: bomb) == Image(decoding: plain))
    // Unpacked they are 1.6 GB. Other tests run beside this one.
    #expect(peakMemory() - before < 1200 << 20)
  }

  /// A chunk whose length is beyond the end is named with its place.
  @Test func chunksBeyondTheEndAreNamed() throws {
    var file = SampleBytes.png(channels: 1)
    let start = try #require(
      file.indices.first { file[$0...].starts(with: "IDAT".utf8) }.map { $0 - 4 })
    file.replaceSubrange(start..<start + 4, with: [0x7F, 0xFF, 0xFF, 0xFF])
    let error = #expect(throws: DatasetError.self) { try Image(decoding: file, name: "a.png") }
    #expect(error?.kind == .truncated)
    #expect(error?.place == "a.png, byte \(start)")
    #expect(error?.expected == "a chunk IDAT of 2147483647 bytes")
  }

  /// A JPEG may visit every pixel again and again for a few bytes each time.
  @Test func endlessScansAreRefused() throws {
    // Of a grey image, whose only scan becomes that of each of three components.
    let grey = SampleBytes.jpeg(channels: 1)
    func place(of marker: UInt8) throws -> Int {
      try #require(grey.indices.first { grey[$0] == 0xFF && grey[$0 + 1] == marker })
    }
    let (frame, scan) = (try place(of: 0xC0), try place(of: 0xDA))
    let frameHead: [UInt8] = [0xFF, 0xC0, 0, 17] + grey[frame + 4..<frame + 9]
    let components: [UInt8] = [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]
    let tables = grey[frame + 13..<scan]
    let pixels = grey[(scan + 10)...].dropLast(2)
    func file(scanCount: Int) -> [UInt8] {
      let scans = (0..<scanCount).flatMap { index in
        [0xFF, 0xDA, 0, 8, 1, UInt8(index % 3 + 1), 0, 0, 0x3F, 0] + pixels
      }
      return grey[..<frame] + frameHead + components + tables + scans + [0xFF, 0xD9]
    }
    #expect(try Image(decoding: file(scanCount: 3)).channels == 3)
    #expect(throws: Never.self) { try Image(decoding: file(scanCount: 500)) }
    let error = #expect(throws: DatasetError.self) {
      try Image(decoding: file(scanCount: 501), name: "a.jpg")
    }
    #expect(error?.kind == .tooLarge)
    #expect(error?.expected == "at most 500 scans of 19 × 13 pixels")
  }

  /// Swift sorts the marks of a character to compare texts, by the square of their number.
  @Test func pilesOfMarksAreRefused() {
    let marks = String(repeating: "\u{301}\u{316}", count: 200_000)
    let escapes = String(repeating: "\\u0301\\u0316", count: 50_000)
    for text in ["a\(marks)", "a\(escapes)"] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(#"{"\#(text)":1}"#.utf8)) }
      #expect(throws: ModelFileError.self) {
        try NetworkFile(text: "{\"\(text)\": 1, \"\(text)\": 2}")
      }
    }
    #expect(throws: Never.self) {
      try JSONValue(parsing: Array("{\"नमस्ते é \u{65}\u{301}\":1}".utf8))
    }
  }

  /// What multiplies in YAML: aliases, nesting, explicit keys.
  @Test func yamlBombsAreRefused() {
    var laughs = "a0: &a0 [lol]\n"
    for level in 1...9 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      laughs += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let texts = [
      laughs, "layers: &a [*a]", String(repeating: "[", count: 1 << 19),
      String(repeating: "- ", count: 1 << 19), String(repeating: "? ", count: 1 << 19),
      "layers: [" + String(repeating: "0,", count: 500_000) + "0]",
      "layers: [{Dense: 1, Dense: 2}]", "layers: !!python/object:os.system [rm]",
      "<<: {layers: [Flatten]}", "layers: [Flatten]\n---\nlayers: [Flatten]",
      "layers: [" + String(repeating: "x", count: (1 << 20) - 12) + "]", "\u{0}", "%YAML 9.9",
    ]
    for text in texts {
      let error = #expect(throws: ModelFileError.self, "\(text.prefix(40))") {
        try NetworkFile(text: text, name: "bomb.yaml")
      }
      #expect(error?.file == "bomb.yaml")
    }
  }

  /// Weights of 16 GB in a line.
  @Test func enormousNetworksAreRefused() throws {
    let file = try NetworkFile(
      text: "{input: [256], layers: [{Dense: 16777216}]}", name: "large.yaml")
    let error = #expect(throws: ModelFileError.self) { try file.model(classCount: 2) }
    #expect(error?.file == "large.yaml")
    #expect(error?.expected == "weights of at most 2147483648 numbers")
  }

  /// The most memory that the process has had, in bytes.
  private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
