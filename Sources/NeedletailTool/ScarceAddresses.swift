#if canImport(Glibc)
import Glibc

/// A process with a limit on its addresses (`ulimit -v`).
enum ScarceAddresses {
  /// Lets all threads allocate from one heap where addresses are limited.
  ///
  /// The C library reserves 64 MB of them for each thread that allocates, and uses little: they would be
  /// missing for what was found to fit.
  static func save() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur < rlim_t(Int.max)
    else { return }
    // <malloc.h> is no part of Swift's Glibc.
    guard let address = dlsym(nil, "mallopt") else { return }
    let mallopt = unsafeBitCast(address, to: (@convention(c) (Int32, Int32) -> Int32).self)
    // Where it is refused, threads have heaps of their own as before.
    _ = mallopt(arenaMaximum, 1)
  }

  /// `M_ARENA_MAX`.
  private static let arenaMaximum: Int32 = -8
}
#endif
