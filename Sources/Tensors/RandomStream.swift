import CKernels

/// What random numbers are drawn for.
///
/// Streams of different purposes are independent.
public enum RandomPurpose: UInt64, Sendable {
  /// First values of parameters; one stream a variable.
  case initialization = 1
  /// The order of examples; one stream an epoch.
  case shuffle = 2
  /// Which activations are dropped.
  case dropout = 3
  /// Random changes of examples; one stream an epoch, two numbers an example.
  case augmentation = 4
  /// Which examples are held out.
  case split = 5
  /// Data made up for tests and benchmarks.
  case synthesis = 6
}

/// Random numbers that are a pure function of where they are used: of a seed, a purpose and a
/// position.
///
/// Nothing is ever saved or advanced: the n-th number of a stream is the same on any thread, in any
/// order and after any restart. The generator is Philox4x32-10 (Salmon et al., SC 2011).
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// The generator's key: seed and purpose.
  public let key: UInt64
  /// Which of the key's streams this is.
  public let stream: UInt64
  private var position: UInt64 = 0
  private var spare: UInt64?

  /// Creates the stream number `index` of a purpose under a seed.
  public init(seed: UInt64, purpose: RandomPurpose, index: UInt64 = 0) {
    self.key = mixed(seed &+ mixed(purpose.rawValue))
    self.stream = index
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let bits = spare {
      spare = nil
      return bits
    }
    let (first, second) = pair(at: position)
    position &+= 1
    spare = second
    return first
  }

  /// The numbers `2 · place` and `2 · place + 1` of the stream, counted from 0, whatever was drawn.
  package func pair(at place: UInt64) -> (UInt64, UInt64) {
    let block = nk_philox(key, stream, place).word
    return (
      UInt64(block.0) | UInt64(block.1) << 32, UInt64(block.2) | UInt64(block.3) << 32
    )
  }

  /// The next number, uniform in [0, 1), a multiple of 2⁻²⁴.
  public mutating func nextUniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }
}

/// A bijection of 64-bit integers under which neighbours become unrelated (the finaliser of
/// SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
private func mixed(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
