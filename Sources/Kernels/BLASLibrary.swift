internal import CKernels
internal import COpenBLAS

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The OpenBLAS that the engine uses, and whether it makes full use of the processor.
///
/// Little needs it: the convolution algorithm `im2row` and measurements. It is loaded by the first use, as
/// a copy of the engine's own that starts no threads, so that another OpenBLAS in the same process is
/// left as it is.
public struct BLASLibrary: Sendable, Hashable {
  /// OpenBLAS' description of its build: version, options, core.
  public let configuration: String
  /// The version, for example "0.3.21".
  public let version: String
  /// The core whose kernels OpenBLAS uses, for example "SkylakeX".
  public let coreName: String
  /// The threads that one call uses.
  ///
  /// Always 1: Needletail runs several calls in parallel.
  public let threadCount: Int
  /// The core that suits this processor best; nil where OpenBLAS is trusted to know.
  public let recommendedCore: String?
  /// What the choice of the core costs and what to do about it; nil when all is well.
  public let warning: String?

  /// The library, loaded if it was not.
  ///
  /// - Throws: ``BLASError`` where it cannot be loaded.
  public static var current: BLASLibrary {
    get throws(BLASError) {
      let instance = try BLASInstance.loaded.get()
      let words = instance.configuration.split(separator: " ")
      let choice = BLASCoreChoice(
        core: instance.coreName, processor: .current,
        environmentCore: getenv("OPENBLAS_CORETYPE").map { String(cString: $0) })
      return BLASLibrary(
        configuration: instance.configuration,
        version: words.count > 1 ? String(words[1]) : "",
        coreName: instance.coreName,
        threadCount: instance.threadCount,
        recommendedCore: choice.recommendedCore,
        warning: choice.warning)
    }
  }

  /// Loads the library and takes the memory that its calls need, so that they cannot fail.
  ///
  /// - Parameter threadCount: How many threads call it at once.
  /// - Throws: ``BLASError`` where the library or the memory is not to be had.
  package static func require(threadCount: Int) throws(BLASError) {
    try BLASInstance.loaded.get().reserveBuffers(threadCount: threadCount)
  }

  /// How many calls have their memory, and may run at once.
  package static var reservedCallCount: Int { BLASInstance.reservedCallCount }

  /// The address of any function of the library, LAPACK's Fortran interface included (`sgesv_`); nil where it has
  /// none.
  ///
  /// - Throws: ``BLASError`` where it cannot be loaded.
  package static func function(
    named name: String
  ) throws(BLASError) -> UnsafeMutableRawPointer? {
    try BLASInstance.loaded.get().address(of: name)
  }

  /// What ``switchToBestCore()`` did.
  public enum SwitchResult: Sendable, Hashable {
    /// OpenBLAS had chosen well.
    case alreadyBest
    /// The environment variable `OPENBLAS_CORETYPE` names a core: it is left alone.
    case chosenByUser
    /// The core was changed.
    case switched(from: String, to: String)
    /// A better core exists, but this OpenBLAS cannot change it in a running process.
    case unavailable(recommended: String)
    /// OpenBLAS was asked for a better core and kept its own.
    case refused(recommended: String)
  }

  /// Makes OpenBLAS use the kernels that suit this processor, where it did not choose them itself.
  ///
  /// Done once, when the engine's copy is loaded; says what was done.
  ///
  /// - Throws: ``BLASError`` where it cannot be loaded.
  public static func switchToBestCore() throws(BLASError) -> SwitchResult {
    try BLASInstance.loaded.get().coreSwitch
  }
}

extension ProcessorFeatures {
  /// Those of this processor that the system lets programs use.
  static var current: ProcessorFeatures {
    #if arch(x86_64)
    ProcessorFeatures(
      isX86: true, hasAVX2: nk_isa_available(NK_ISA_AVX2),
      hasAVX512: nk_isa_available(NK_ISA_AVX512))
    #else
    ProcessorFeatures(isX86: false, hasAVX2: false, hasAVX512: false)
    #endif
  }
}
