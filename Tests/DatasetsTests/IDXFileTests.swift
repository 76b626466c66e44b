import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct IDXFileTests {
  let elements = (0..<24).map { UInt8($0 * 10) }
  var plain: [UInt8] { idx([2, 3, 4], elements) }

  @Test func plainAndGzip() throws {
    for bytes in [plain, gzip(plain)] {
      let file = try IDXFile(bytes: bytes, name: "a")
      #expect(file.shape == [2, 3, 4])
      #expect(file.elements == elements)
    }
  }

  @Test func filesOnDiskAreRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("images")
      try write(gzip(plain), to: url)
      #expect(try IDXFile(contentsOf: url).elements == elements)
      #expect(throws: DatasetError.self) { try IDXFile(contentsOf: folder) }
      #expect(throws: DatasetError.self) {
        try IDXFile(contentsOf: folder.appendingPathComponent("none"))
      }
      let pipe = folder.appendingPathComponent("pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      let error = #expect(throws: DatasetError.self) { try IDXFile(contentsOf: pipe) }
      #expect(error?.kind == .unreadable)
    }
  }

  @Test func severalGzipMembersAreOneFile() throws {
    let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    let bytes = idx([300_000], large)
    for cut in [1, 5, 8, 9, 150_000, bytes.count] {
      let members = gzip(Array(bytes[..<cut])) + gzip([]) + gzip(Array(bytes[cut...]))
      #expect(try IDXFile(bytes: members, name: "a").elements == large)
    }
  }

  @Test func everyTruncationIsAnError() {
    for bytes in [plain, gzip(plain)] {
      for length in 0..<bytes.count {
        #expect(throws: DatasetError.self) {
          try IDXFile(bytes: Array(bytes[..<length]), name: "a")
        }
      }
    }
  }

  @Test func whateverFollowsIsAnError() {
    for bytes in [plain + [0], gzip(plain + [0]), gzip(plain) + [0], gzip(plain) + [0x1F, 0x8B]] {
      #expect(throws: DatasetError.self) { try IDXFile(bytes: bytes, name: "a") }
    }
  }

  @Test func aWrongChecksumIsAnError() {
    var bytes = gzip(plain)
    bytes[bytes.count - 8] ^= 1
    let error = #expect(throws: DatasetError.self) { try IDXFile(bytes: bytes, name: "a") }
    #expect(error?.kind == .malformed)
  }

  @Test func otherTypesAreNamed() {
    let error = #expect(throws: DatasetError.self) {
      try IDXFile(bytes: idx([6], elements, type: 0x0D), name: "weights")
    }
    #expect(
      error?.description
        == "weights, byte 2: expected unsigned bytes (type 0x08), found 32-bit floating-point "
        + "numbers (type 0x0D); store images and labels as unsigned bytes.")
    #expect(throws: DatasetError.self) {
      try IDXFile(bytes: idx([24], elements, type: 0x07), name: "a")
    }
  }

  @Test(arguments: [
    [UInt32.max, UInt32.max, UInt32.max], [UInt32.max], [0, 5], [UInt32.max, 0],
    [1 << 31, 1 << 31],
    [1 << 30, 16], [],
  ]) func sizesThatAreNotThereTakeNoMemory(extents: [UInt32]) {
    for bytes in [idx(extents, elements), gzip(idx(extents, elements))] {
      #expect(throws: DatasetError.self) { try IDXFile(bytes: bytes, name: "a") }
    }
  }

  /// 70 MB of zeros in 70 kB: whatever the header says, no more is kept than that.
  @Test func bombsAreCut() throws {
    let megabyte = gzip([UInt8](repeating: 0, count: 1 << 20))
    let zeros = (0..<70).flatMap { _ in megabyte }
    let size: UInt32 = 70 << 20
    for extent in [24, size - 1, size + 1] {
      let error = #expect(throws: DatasetError.self) {
        try IDXFile(bytes: gzip(idx([extent], [])) + zeros, name: "bomb")
      }
      #expect(error?.kind == (extent > size ? .truncated : .tooLarge))
    }
    let honest = try IDXFile(bytes: gzip(idx([size], [])) + zeros, name: "zeros")
    #expect(honest.shape == [Int(size)])
  }
}
