#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many threads to use.
public struct ThreadBudget: Sendable {
  static let maximumThreadCount = 1024
  static func affinityProcessorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
