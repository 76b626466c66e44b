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
      #expect(file.bytes == elements)
    }
  }

  @Test func filesOnDiskAreRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("images")
      try write(gzip(plain), to: url)
      #expect(try IDXFile(contentsOf: url).bytes == elements)
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
      #expect(try IDXFile(bytes: members, name: "a").bytes == large)
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

  @Test func otherTypesAreRefused() {
    for type: UInt8 in [0, 1, 7, 0x0A, 0x0F, 0xFF] {
      let error = #expect(throws: DatasetError.self) {
        try IDXFile(bytes: idx([24], elements, type: type), name: "a")
      }
      #expect(error?.place == "a, byte 0")
    }
  }

  /// The same numbers in every type that holds them.
  @Test func allTypesAreRead() throws {
    let values = [0, 1, 3, 127]
    for type in IDXFile.ElementType.allCases {
      let bytes = values.flatMap { stored($0, as: type) }
      let file = try IDXFile(bytes: idx([4], bytes, type: type.rawValue), name: "labels")
      #expect(file.shape == [4])
      #expect(file.elementType == type)
      #expect(file.bytes == bytes)
      let images = try IDXFile(bytes: idx([4, 1, 1], bytes, type: type.rawValue), name: "images")
      let data = try ByteImageDataset(images: images, labels: file)
      #expect(data.labels == [0, 1, 3, 127])
      #expect(data.image(at: 3) == [127])
      #expect(data.classNames?.count == 128)
      #expect(throws: DatasetError.self) {
        try IDXFile(bytes: idx([4], Array(bytes.dropLast()), type: type.rawValue), name: "a")
      }
    }
  }

  @Test(arguments: [
    (IDXFile.ElementType.signedByte, [UInt8(0xFF)], "-1"), (.int16, [0xFF, 0xFE], "-2"),
    (.int32, [0xFF, 0xFF, 0xFF, 0xFF], "-1"), (.int32, [0x77, 0x35, 0x94, 0], "2000000000"),
    (.int32, [0, 0, 0x40, 0], "16384"), (.float32, [0x3F, 0, 0, 0], "0.5"),
    (.float32, [0x7F, 0xC0, 0, 0], "nan"), (.float32, [0x7F, 0x80, 0, 0], "inf"),
    (.float64, [0x43, 0xE0, 0, 0, 0, 0, 0, 0], "9.223372036854776e+18"),
  ])
  func labelsThatAreNoClassesAreRefused(
    type: IDXFile.ElementType, bytes: [UInt8], shown: String
  ) throws {
    let images = try IDXFile(bytes: idx([2, 1, 1], [1, 2]), name: "images")
    let labels = try IDXFile(
      bytes: idx([2], stored(0, as: type) + bytes, type: type.rawValue), name: "labels")
    let error = #expect(throws: DatasetError.self) {
      try ByteImageDataset(images: images, labels: labels)
    }
    #expect(error?.place == "labels, example 1")
    #expect(error?.found == shown)
  }

  @Test(arguments: [
    (IDXFile.ElementType.float32, [UInt8(0x3F), 0, 0, 0], "0.5"),
    (.float32, [0x7F, 0xC0, 0, 0], "nan"), (.int16, [1, 0], "256"), (.signedByte, [0x80], "-128"),
  ])
  func pixelsThatAreNoBytesAreRefused(type: IDXFile.ElementType, bytes: [UInt8], shown: String)
    throws
  {
    let images = try IDXFile(
      bytes: idx([2, 1, 1], stored(7, as: type) + bytes, type: type.rawValue), name: "images")
    let labels = try IDXFile(bytes: idx([2], [0, 1]), name: "labels")
    let error = #expect(throws: DatasetError.self) {
      try ByteImageDataset(images: images, labels: labels)
    }
    #expect(error?.place == "images, element 1")
    #expect(error?.expected == "pixels, whole numbers from 0 to 255")
    #expect(error?.found == "\(shown) among \(type)")
  }

  @Test func wideLabelsAreQMNISTs() throws {
    let images = try IDXFile(bytes: idx([2, 1, 1], [1, 2]), name: "images")
    func labels(_ width: UInt32, _ type: IDXFile.ElementType) throws -> ByteImageDataset {
      let row = [5] + (1..<Int(width)).map { $0 }
      let bytes = (row + row.map { $0 + 1 }).flatMap { stored($0, as: type) }
      return try ByteImageDataset(
        images: images,
        labels: IDXFile(bytes: idx([2, width], bytes, type: type.rawValue), name: "labels"))
    }
    #expect(try labels(8, .int32).labels == [5, 6])
    #expect(try labels(1, .unsignedByte).labels == [5, 6])
    // Ones in columns are no classes.
    for (width, type) in [(10, IDXFile.ElementType.int32), (8, .unsignedByte), (2, .int32)] {
      let error = #expect(throws: DatasetError.self) { try labels(UInt32(width), type) }
      #expect(error?.kind == .mismatched)
    }
  }

  @Test func channelsOfFourDimensions() throws {
    let labels = try IDXFile(bytes: idx([1], [0]), name: "labels")
    func image(_ extents: [UInt32], transpose: Bool = false) throws -> ByteImageDataset {
      let count = extents.reduce(1, *)
      return try ByteImageDataset(
        images: IDXFile(bytes: idx([1] + extents, (0..<count).map { UInt8($0) }), name: "images"),
        labels: labels, transpose: transpose)
    }
    let last = try image([1, 2, 3])
    #expect(last.imageShape == [1, 2, 3])
    #expect(last.image(at: 0) == [0, 1, 2, 3, 4, 5])
    // Three planes of 1 × 5.
    let first = try image([3, 1, 5])
    #expect(first.imageShape == [1, 5, 3])
    #expect(first.image(at: 0) == [0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14])
    let turned = try image([1, 2, 3], transpose: true)
    #expect(turned.imageShape == [2, 1, 3])
    #expect(turned.image(at: 0) == [0, 1, 2, 3, 4, 5])
    let grey = try ByteImageDataset(
      images: IDXFile(bytes: idx([1, 2, 3], [0, 1, 2, 3, 4, 5]), name: "images"), labels: labels,
      transpose: true)
    #expect(grey.imageShape == [3, 2, 1])
    #expect(grey.image(at: 0) == [0, 3, 1, 4, 2, 5])
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
