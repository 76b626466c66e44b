import Foundation

/// Calls `body` on a thread with a stack of its own and waits for it.
///
/// The YAML parser calls itself for every list in a list and stops at a thousand of them, which
/// takes more stack than some threads of a program have: 128 KB is a usual size.
func withLargeStack<Result: Sendable>(
  _ body: @escaping @Sendable () throws(ModelFileError) -> Result
) throws(ModelFileError) -> Result {
  let outcome = Outcome<Result>()
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
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

/// What the thread found; read only after it has said that it is done.
private final class Outcome<Result: Sendable>: @unchecked Sendable {
  var result: Swift.Result<Result, ModelFileError>?
}
