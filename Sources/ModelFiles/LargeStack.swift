import Dispatch
import Threads

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Calls `body` where it has a large stack, and waits for it: directly if the calling thread has one,
/// else on a thread of its own.
///
/// The YAML parser calls itself for every list in a list and stops at a thousand of them, which
/// takes more stack than some threads of a program have: 128 KB is a usual size.
///
/// - Throws: What `body` throws; ``ModelFileError`` where the system refuses the thread.
package func withLargeStack<Result: Sendable>(
  for file: String, _ body: @escaping @Sendable () throws(ModelFileError) -> Result
) throws(ModelFileError) -> Result {
  if SystemThread.remainingStackByteCount() >= largeStackByteCount / 4 { return try body() }
  let outcome = Outcome<Result>()
  let done = DispatchSemaphore(value: 0)
  let isStarted = SystemThread.start(name: "needletail-read", stackByteCount: largeStackByteCount) {
    outcome.result = Swift.Result(catching: body)
    done.signal()
  }
  guard isStarted else {
    throw ModelFileError(
      file: file, expected: "a thread with a stack of 16 MB, to read the file on",
      found: "that the system refuses it",
      advice: "Allow more threads (ulimit -u) or more addresses (ulimit -v).", systemError: EAGAIN)
  }
  done.wait()
  guard let result = outcome.result else {
    preconditionFailure("The thread ended without a result.")
  }
  return try result.get()
}

private let largeStackByteCount = 16 << 20

/// What the thread found; read only after it has said that it is done.
private final class Outcome<Result: Sendable>: @unchecked Sendable {
  var result: Swift.Result<Result, ModelFileError>?
}
