import Synchronization

/// A value that one thread at a time may touch: `Mutex` as the thread sanitizer understands it.
///
/// Where several threads want a `Mutex` at once, its waiting happens inside of the standard library, which
/// is not built for the sanitizer: it would report whatever the lock guards as a race. The atomic word
/// tells it that each turn comes after the last one. That costs two plain instructions, and no report
/// has to be suppressed.
package struct Lock<Value>: ~Copyable, Sendable {
  private let mutex: Mutex<Value>
  private let turn = Atomic<Bool>(false)

  /// Puts a value under lock.
  package init(_ value: sending Value) {
    mutex = Mutex(value)
  }

  /// Calls `body` when no other thread is inside.
  package borrowing func withLock<Result, Failure>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    try mutex.withLock { (value: inout sending Value) throws(Failure) -> sending Result in
      _ = turn.load(ordering: .acquiring)
      defer { turn.store(false, ordering: .releasing) }
      return try body(&value)
    }
  }
}
