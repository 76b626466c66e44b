import CKernels
import Datasets
import Tensors
import Testing

@Suite struct ByteImageDatasetTests {
  @Test func bytesBecomeNumbers() throws {
    let pixels = (0..<256).map { UInt8($0) }
    let dataset = try ByteImageDataset(
      pixels: pixels, imageShape: [8, 8, 2], labels: [1, 0], classNames: ["a", "b"])
    #expect(dataset.count == 2)
    #expect(dataset.imageShape == [8, 8, 2])
    #expect(dataset.labels == [1, 0])
    #expect(dataset.image(at: 1) == Array(pixels[128...]))
    let batch = try Batch(fields: dataset.fields, capacity: 3)
    [1, 0].withUnsafeBufferPointer { dataset.fill(batch, at: 1, with: $0) }
    #expect((0..<128).allSatisfy { batch.floats(0)[$0] == 0 })
    #expect((0..<128).allSatisfy { batch.floats(0)[128 + $0] == Float(128 + $0) })
    #expect((0..<128).allSatisfy { batch.floats(0)[256 + $0] == Float($0) })
    #expect((0..<3).map { batch.integers(1)[$0] } == [0, 0, 1])
  }

  @Test func mismatchesAreRefused() {
    let pixels = [UInt8](repeating: 0, count: 12)
    func make(_ shape: Shape, _ labels: [Int32], _ names: [String]? = nil) throws {
      _ = try ByteImageDataset(
        pixels: pixels, imageShape: shape, labels: labels, classNames: names)
    }
    #expect(throws: DatasetError.self) { try make([2, 3, 1], [0, 1, 2]) }
    #expect(throws: DatasetError.self) { try make([2, 3], [0, 1]) }
    #expect(throws: DatasetError.self) { try make([0, 3, 1], []) }
    #expect(throws: DatasetError.self) { try make([5, 1, 1], [0, 1]) }
    #expect(throws: DatasetError.self) { try make([2, 3, 1], [0, -1]) }
    #expect(throws: DatasetError.self) { try make([2, 3, 1], [0, 2], ["a", "b"]) }
    #expect(throws: Never.self) { try make([2, 3, 1], [0, 1], ["a", "b"]) }
  }

  @Test func planesBecomePixels() {
    for (count, channels) in [(1, 1), (1, 3), (7, 3), (64, 3), (65, 4), (17, 2), (1024, 3)] {
      let source = (0..<count * channels).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8) }
      var result = [UInt8](repeating: 0, count: source.count)
      nk_interleave_planes(source, &result, count, channels)
      for pixel in 0..<count {
        for channel in 0..<channels {
          #expect(result[pixel * channels + channel] == source[channel * count + pixel])
        }
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 40], [1, 7, 784, 3072]) func anyRowsAreGathered(
    rows: Int, size: Int
  ) {
    let source = (0..<50 * size).map { UInt8(truncatingIfNeeded: $0 &* 29 &+ $0 >> 9) }
    let indices = (0..<rows).map { Int64($0 * 37 % 50) }
    var result = [Float](repeating: -1, count: rows * size + 1)
    nk_gather_bytes_to_floats(source, size, indices, rows, &result)
    let expected = indices.flatMap { index in
      source[Int(index) * size..<(Int(index) + 1) * size].map(Float.init)
    }
    #expect(result == expected + [-1])
  }

  @Test(arguments: [0, 1, 3, 15, 16, 17, 63, 64, 100, 784]) func conversionOfAnyLength(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 255) }
    var floats = [Float](repeating: -1, count: count + 1)
    nk_bytes_to_floats(bytes, &floats, count)
    #expect(floats == bytes.map(Float.init) + [-1])
  }
}
