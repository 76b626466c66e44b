#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The process that uses the engine.
///
/// A forked child has one thread: the workers and whoever held a lock stayed in
/// the parent, and a call that waited for one of them would wait for ever. So what starts work asks
/// here first, and refuses in a child of a process that had started some. A process that forks
/// before it uses the engine, and one that is started afresh (`exec`), are free to use it.
enum OwnProcess {
  /// Found out by the first use.
  private static let identifier = getpid()

  /// Throws in a forked child of the process that used the engine first; see ``Engine/check()``.
  static func check() throws(EngineError) {
    let current = getpid()
    guard current == identifier else {
      throw .usedInForkedChild(parent: identifier, child: current)
    }
  }
}
