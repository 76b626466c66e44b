/// A checksum of any number of bytes, of 64 bits: what tells one content from another.
///
///     var checksum = ContentChecksum()
///     pixels.withUnsafeBytes { checksum.add($0) }
///     print(checksum.text)
///
/// The value is that of xxHash64 (Collet, "xxHash fast digest algorithm", version 0.1.1) with the seed 0,
/// of all bytes that were added one after the other: how they were parted does not matter. It is as fast
/// as memory is read, and tells of accidents and not of malice.
public struct ContentChecksum: Sendable {
  private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
    0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5
  )
  private static let blockSize = 32

  private var lanes = (
    primes.0 &+ primes.1, primes.1, UInt64(0), 0 &- primes.0
  )
  /// What has come of a block that is not yet whole, as the bytes of four words.
  private var rest = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
  private var restCount = 0
  private var count: UInt64 = 0

  /// A checksum of no bytes.
  public init() {}

  /// Takes in the next bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    count &+= UInt64(bytes.count)
    var start = 0
    if restCount > 0 {
      start = min(Self.blockSize - restCount, bytes.count)
      fill(from: UnsafeRawBufferPointer(start: base, count: start))
      guard restCount == Self.blockSize else { return }
      mix(
        UInt64(littleEndian: rest.0), UInt64(littleEndian: rest.1), UInt64(littleEndian: rest.2),
        UInt64(littleEndian: rest.3))
      restCount = 0
    }
    while bytes.count - start >= Self.blockSize {
      let block = base + start
      mix(
        block.word(at: 0), block.word(at: 8), block.word(at: 16), block.word(at: 24))
      start += Self.blockSize
    }
    fill(from: UnsafeRawBufferPointer(start: base + start, count: bytes.count - start))
  }

  /// Takes in the bytes of a text in UTF-8, and a zero byte after them.
  public mutating func add(_ text: String) {
    (Array(text.utf8) + [0]).withUnsafeBytes { add($0) }
  }

  /// Takes in a number, as eight bytes from the lowest on.
  public mutating func add(_ number: Int) {
    withUnsafeBytes(of: UInt64(bitPattern: Int64(number)).littleEndian) { add($0) }
  }

  /// The checksum of the bytes so far.
  public var value: UInt64 {
    let (p1, p2, p3, p4, p5) = Self.primes
    var sum: UInt64
    if count >= UInt64(Self.blockSize) {
      sum = lanes.0.rotated(1) &+ lanes.1.rotated(7) &+ lanes.2.rotated(12) &+ lanes.3.rotated(18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        sum = (sum ^ Self.round(0, lane)) &* p1 &+ p4
      }
    } else {
      sum = p5
    }
    sum &+= count
    withUnsafeBytes(of: rest) { bytes in
      guard let base = bytes.baseAddress else { return }
      var start = 0
      while restCount - start >= 8 {
        sum = (sum ^ Self.round(0, (base + start).word(at: 0))).rotated(27) &* p1 &+ p4
        start += 8
      }
      if restCount - start >= 4 {
        let half = UInt64(
          UInt32(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
        sum = (sum ^ (half &* p1)).rotated(23) &* p2 &+ p3
        start += 4
      }
      while start < restCount {
        sum = (sum ^ (UInt64(bytes[start]) &* p5)).rotated(11) &* p1
        start += 1
      }
    }
    sum = (sum ^ (sum >> 33)) &* p2
    sum = (sum ^ (sum >> 29)) &* p3
    return sum ^ (sum >> 32)
  }

  /// The checksum of the bytes so far as sixteen hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func fill(from bytes: UnsafeRawBufferPointer) {
    let first = restCount
    withUnsafeMutableBytes(of: &rest) { rest in
      for (place, byte) in bytes.enumerated() { rest[first + place] = byte }
    }
    restCount += bytes.count
  }

  private mutating func mix(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
    lanes.0 = Self.round(lanes.0, a)
    lanes.1 = Self.round(lanes.1, b)
    lanes.2 = Self.round(lanes.2, c)
    lanes.3 = Self.round(lanes.3, d)
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    (lane &+ word &* primes.1).rotated(31) &* primes.0
  }
}

extension UInt64 {
  fileprivate func rotated(_ count: UInt64) -> UInt64 { self &<< count | self &>> (64 - count) }
}

extension UnsafeRawPointer {
  fileprivate func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
