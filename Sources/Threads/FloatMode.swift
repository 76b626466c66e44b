import CKernels

/// How this thread treats denormal numbers.
///
/// Denormals cost a hundred cycles each on many processors and matter to no network; but the mode
/// belongs to the thread, so whoever changes it puts it back.
package struct FloatMode {
  private let previous: UInt64

  /// Makes this thread take denormal numbers for zero.
  package static func flushDenormals() -> FloatMode {
    FloatMode(previous: nk_flush_denormals())
  }

  /// Calls `body` while this thread takes denormal numbers for zero.
  package static func flushingDenormals<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let mode = flushDenormals()
    defer { mode.restore() }
    return try body()
  }

  /// Gives the thread back the mode it had.
  package func restore() {
    nk_restore_float_mode(previous)
  }
}
