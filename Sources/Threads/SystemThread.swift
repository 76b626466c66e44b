import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Threads of our own, asked for one by one.
///
/// Not Dispatch's: where the system refuses a thread (`ulimit -u`, a control group's `pids.max`, no
/// addresses for its stack), Dispatch tries again for ever, inside of the call that brought the work.
/// Here the refusal is an answer, and whoever asked does with fewer.
package enum SystemThread {
  /// The stack of a thread, in bytes: what the system would choose depends on `ulimit -s`.
  ///
  /// Inner loops that are built without optimisation have frames of 2.5 MB; in release they take some
  /// kilobytes.
  package static let stackByteCount = 8 << 20

  /// Starts a thread that calls `body` once, and does not wait for it.
  ///
  /// Its signals are blocked, but for those of its own faults: the handlers of a program that embeds the
  /// engine run on the program's threads.
  ///
  /// - Parameters:
  ///   - name: What the system's tools show, up to 15 characters.
  ///   - stackByteCount: The stack.
  ///   - body: What the thread does.
  /// - Returns: Whether the system gave the thread; without it, `body` is never called.
  package static func start(
    name: String, stackByteCount: Int = SystemThread.stackByteCount,
    _ body: @escaping @Sendable () -> Void
  ) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstacksize(&attributes, stackByteCount) == 0,
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0
    else { return false }
    // The new thread takes over the mask of the one that starts it.
    var (mask, before) = (blockedSignals(), sigset_t())
    pthread_sigmask(SIG_BLOCK, &mask, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    let status = pthread_create(&thread, &attributes, run, start.toOpaque())
    if status != 0 { start.release() }
    return status == 0
  }

  /// How many bytes are left of the calling thread's stack; 0 where the system does not tell.
  package static func remainingStackByteCount() -> Int {
    Int(clamping: nk_remaining_stack())
  }

  /// What a new thread is told.
  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    guard let address = $0 else { return nil }
    let start = Unmanaged<Start>.fromOpaque(address).takeRetainedValue()
    nk_begin_thread(start.name)
    start.body()
    return nil
  }

  /// All but those that a thread's own instructions cause.
  private static func blockedSignals() -> sigset_t {
    var mask = sigset_t()
    sigfillset(&mask)
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPROF] {
      sigdelset(&mask, number)
    }
    return mask
  }
}
