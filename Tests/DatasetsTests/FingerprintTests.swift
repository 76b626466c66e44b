import Datasets
import Tensors
import Testing

@Suite struct FingerprintTests {
  private func checksum(_ text: String) -> String {
    var checksum = ContentChecksum()
    Array(text.utf8).withUnsafeBytes { checksum.add($0) }
    return checksum.text
  }

  @Test func checksumsAreThoseOfXXHash64() {
    #expect(checksum("") == "ef46db3751d8e999")
    #expect(checksum("a") == "d24ec4f1a98c6e5b")
    #expect(checksum("abc") == "44bc2cf5ad770999")
    #expect(checksum("Nobody inspects the spammish repetition") == "fbcea83c8a378bf1")
  }

  @Test func howBytesArePartedDoesNotMatter() {
    let bytes = (0..<211).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var whole = ContentChecksum()
    bytes.withUnsafeBytes { whole.add($0) }
    for size in [1, 3, 8, 31, 32, 33, 100] {
      var parts = ContentChecksum()
      for start in stride(from: 0, to: bytes.count, by: size) {
        bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { parts.add($0) }
      }
      #expect(parts.value == whole.value, "in parts of \(size)")
    }
  }

  @Test func everyChangedByteOfABlockIsSeen() {
    let bytes = [UInt8](repeating: 7, count: 75)
    var values: Set<UInt64> = []
    for position in bytes.indices {
      var changed = bytes
      changed[position] ^= 1
      var checksum = ContentChecksum()
      changed.withUnsafeBytes { checksum.add($0) }
      values.insert(checksum.value)
    }
    #expect(values.count == bytes.count)
  }

  private let labels: [Int32] = [0, 1, 1, 0]

  private func images(_ change: (inout [UInt8], inout [Int32]) -> Void = { _, _ in }) throws
    -> ByteImageDataset
  {
    var pixels = (0..<16).map { UInt8($0) }
    var labels = labels
    change(&pixels, &labels)
    return try ByteImageDataset(pixels: pixels, imageShape: [2, 2, 1], labels: labels)
  }

  @Test func imagesInMemoryCountAsAWhole() throws {
    let all = Array(0..<4)
    let base = try images().fingerprint(of: all)
    #expect(base?.times == nil)
    #expect(try images().fingerprint(of: all) == base)
    #expect(try images { pixels, _ in pixels[15] = 99 }.fingerprint(of: all) != base)
    #expect(try images { _, labels in labels[0] = 1 }.fingerprint(of: all) != base)
    #expect(try images().fingerprint(of: [0, 1, 3, 2]) != base)
  }

  @Test func numbersInMemoryCountAsAWhole() throws {
    func data(_ last: Float) throws -> InMemoryDataset {
      try InMemoryDataset(inputs: Tensor(shape: [2, 2], [1, 2, 3, last]), labels: [0, 1])
    }
    let all = [0, 1]
    #expect(try data(4).fingerprint(of: all) == data(4).fingerprint(of: all))
    #expect(try data(4).fingerprint(of: all) != data(5).fingerprint(of: all))
    // What is not asked for does not matter.
    #expect(try data(4).fingerprint(of: [0]) == data(5).fingerprint(of: [0]))
  }

  @Test func aSubsetHasThatOfItsExamples() throws {
    let base = try images()
    let subset = try SubsetDataset(base, indices: [3, 1])
    #expect(try subset.fingerprint(of: [0, 1]) == base.fingerprint(of: [3, 1]))
    #expect(try subset.fingerprint(of: [1]) == base.fingerprint(of: [1]))
    let other = try SubsetDataset(base, indices: [3, 2])
    #expect(try other.fingerprint(of: [0, 1]) != subset.fingerprint(of: [0, 1]))
  }

  /// A data set of somebody else.
  private struct Foreign: Dataset {
    let base: ByteImageDataset
    let isInMemory: Bool
    var count: Int { base.count }
    var fields: [BatchField] { base.fields }
    var classNames: [String]? { nil }
    func fill(_ batch: Batch, at slot: Int, with indices: UnsafeBufferPointer<Int>) {
      base.fill(batch, at: slot, with: indices)
    }
  }

  @Test func otherDataSetsInMemoryHaveThatOfWhatTheyFill() throws {
    func fingerprint(_ base: ByteImageDataset, isInMemory: Bool = true) throws -> DataFingerprint? {
      try Foreign(base: base, isInMemory: isInMemory).fingerprint(of: Array(0..<4))
    }
    let base = try fingerprint(images())
    #expect(base != nil)
    #expect(try fingerprint(images()) == base)
    #expect(try fingerprint(images { pixels, _ in pixels[0] = 1 }) != base)
    #expect(try fingerprint(images { _, labels in labels[3] = 1 }) != base)
    #expect(try fingerprint(images(), isInMemory: false) == nil)
  }

  /// They are filled some hundred at a time.
  @Test func manyExamplesCountToTheLast() throws {
    func fingerprint(changing place: Int?) throws -> DataFingerprint? {
      var pixels = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
      if let place { pixels[place] ^= 1 }
      let base = try ByteImageDataset(
        pixels: pixels, imageShape: [1, 1, 1], labels: [Int32](repeating: 0, count: 1000))
      return try Foreign(base: base, isInMemory: true).fingerprint(of: Array(0..<1000))
    }
    let found = try [nil, 0, 255, 256, 511, 512, 999].map(fingerprint)
    #expect(found[0] == (try fingerprint(changing: nil)))
    #expect(Set(found).count == found.count)
  }
}
