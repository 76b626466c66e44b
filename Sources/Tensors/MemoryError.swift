package import Threads

/// Memory that is not there, or that was not taken because the system would not survive it.
public struct MemoryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What the memory was for: "the activations of 128 examples".
  public let purpose: String
  /// How many bytes were needed; `Int.max` where the number is larger, 0 where a library does not tell.
  public let byteCount: Int
  /// How many were available; `nil` where the system refused without telling.
  public let availableByteCount: Int?
  /// Where that limit comes from.
  private let limit: String
  /// What to do.
  public private(set) var advice: String

  /// Creates an error.
  package init(
    purpose: String, byteCount: Int, available: AvailableMemory?,
    advice: String = "use a smaller model or a machine with more memory"
  ) {
    self.purpose = purpose
    self.byteCount = byteCount
    self.availableByteCount = available?.byteCount
    self.limit = available?.reason ?? ""
    self.advice = advice
  }

  /// The same error with another advice.
  package func advising(_ advice: String) -> MemoryError {
    var error = self
    error.advice = advice
    return error
  }

  /// What was needed, what there is, and what to do.
  public var description: String {
    let needed =
      switch byteCount {
      case .max: "more than any machine has of memory"
      case 0: "more memory"
      default: "\(AvailableMemory.text(byteCount)) of memory"
      }
    let found =
      availableByteCount.map { "\(AvailableMemory.text($0)) \(limit)" }
      ?? "that the system refuses it"
    return "\(purpose): expected \(needed), found \(found); \(advice)."
  }

  /// Throws if so many bytes are not available.
  ///
  /// Small amounts are not looked up: the look takes some 50 µs, and touching 16 MB takes longer.
  package static func check(
    _ byteCount: Int, for purpose: @autoclosure () -> String
  ) throws(MemoryError) {
    guard byteCount >= 16 << 20 else { return }
    try check(byteCount, in: .detected(), for: purpose())
  }

  /// Throws if `available` is less than so many bytes.
  package static func check(
    _ byteCount: Int, in available: AvailableMemory, for purpose: @autoclosure () -> String
  ) throws(MemoryError) {
    if let most = available.byteCount, byteCount > most {
      throw MemoryError(purpose: purpose(), byteCount: byteCount, available: available)
    }
  }
}
