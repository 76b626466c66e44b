import Dispatch
import Threads

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The stack that commands run on.
///
/// The system gives the first thread what `ulimit -s` says, which may be too little even to parse the
/// arguments. Where that cannot be raised, commands run on a thread of their own.
enum CommandStack {
  /// What any command needs, with room to spare.
  private static let byteCount = 4 << 20

  /// Runs a command to its end.
  static func run(_ body: @escaping @Sendable () -> Void) {
    if raisedLimit() >= byteCount { return body() }
    let end = DispatchSemaphore(value: 0)
    let isStarted = SystemThread.start(name: "needletail", stackByteCount: 2 * byteCount) {
      body()
      end.signal()
    }
    guard isStarted else {
      StandardError.write(
        "needletail: stack: expected \(byteCount >> 10) kB or a thread that has as much, found neither; "
          + "raise the limit on stacks (ulimit -s) or on threads (ulimit -u).")
      exit(ExitStatus.systemError.rawValue)
    }
    end.wait()
  }

  /// The limit on this thread's stack, which grows up to it, raised as far as it may be.
  private static func raisedLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    if limit.rlim_cur < rlim_t(byteCount) {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(2 * byteCount))
      // Refused or not: what counts is the limit that then holds.
      setrlimit(resource, &limit)
      guard getrlimit(resource, &limit) == 0 else { return 0 }
    }
    return Int(clamping: limit.rlim_cur)
  }

  #if canImport(Glibc)
  private static let resource = __rlimit_resource_t(RLIMIT_STACK.rawValue)
  #else
  private static let resource = RLIMIT_STACK
  #endif
}
