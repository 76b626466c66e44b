import Foundation

/// Calls `body` on a thread with a large stack and waits for it: on one of its own, or directly
/// where the caller is running on such a thread already.
///
/// The YAML parser calls itself for every list in a list and stops at a thousand of them, which
/// takes more stack than some threads of a program have: 128 KB is a usual size.
package func withLargeStack<Result: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Result
) throws(Failure) -> Result {
  if Thread.current.threadDictionary[largeStackMark] != nil { return try body() }
  let outcome = Outcome<Result, Failure>()
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    Thread.current.threadDictionary[largeStackMark] = true
    outcome.result = Swift.Result(catching: body)
    done.signal()
  }
  thread.stackSize = 16 << 20
  thread.start()
  done.wait()
  guard let result = outcome.result else {
    preconditionFailure("The thread ended without a result.")
  }
  return try result.get()
}

/// What threads with a large stack are marked with.
private let largeStackMark = "needletail.large-stack"

/// What the thread found; read only after it has said that it is done.
private final class Outcome<Result: Sendable, Failure: Error>: @unchecked Sendable {
  var result: Swift.Result<Result, Failure>?
}
