#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The memory of this process.
public enum ProcessMemory {
  /// The most bytes that were resident at once since the process began.
  public static var peakByteCount: Int {
    var usage = rusage()
    // RUSAGE_SELF, which the C libraries import under different types.
    getrusage(0, &usage)
    #if canImport(Darwin)
    return usage.ru_maxrss
    #else
    return usage.ru_maxrss * 1024
    #endif
  }
}
