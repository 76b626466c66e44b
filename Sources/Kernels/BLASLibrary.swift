internal import CKernels
internal import COpenBLAS

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The OpenBLAS that this process uses, and whether it makes full use of the processor.
public struct BLASLibrary: Sendable, Hashable {
  /// OpenBLAS' description of its build: version, options, core.
  public let configuration: String
  /// The version, for example "0.3.21".
  public let version: String
  /// The core whose kernels OpenBLAS chose, for example "SkylakeX".
  public let coreName: String
  /// The threads that one call uses.
  ///
  /// Always 1: Needletail runs several calls in parallel.
  public let threadCount: Int
  /// The core that suits this processor best; nil where OpenBLAS is trusted to know.
  public let recommendedCore: String?
  /// What the choice of the core costs and what to do about it; nil when all is well.
  public let warning: String?

  /// The library as it is now.
  public static var current: BLASLibrary {
    prepare()
    let configuration = String(cString: openblas_get_config())
    let words = configuration.split(separator: " ")
    let name = String(cString: openblas_get_corename())
    let choice = BLASCoreChoice(
      core: name, processor: .current, environmentCore: environmentCore())
    return BLASLibrary(
      configuration: configuration,
      version: words.count > 1 ? String(words[1]) : "",
      coreName: name,
      threadCount: Int(openblas_get_num_threads()),
      recommendedCore: choice.recommendedCore,
      warning: choice.warning)
  }

  /// Keeps OpenBLAS to the calling thread; called before every other call.
  @inline(__always)
  static func prepare() { _ = singleThreaded }

  // A global is initialised once, whatever the threads that meet here.
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  private static func environmentCore() -> String? {
    getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
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
  /// For the whole process, and only before its first other BLAS call and while no other thread
  /// reads the environment: meant for the first line of a program. A library should not call it.
  public static func switchToBestCore() -> SwitchResult {
    let name = String(cString: openblas_get_corename())
    let choice = BLASCoreChoice(core: name, processor: .current, environmentCore: environmentCore())
    guard let recommended = choice.recommendedCore, !choice.isGood else { return .alreadyBest }
    if environmentCore() != nil { return .chosenByUser }
    // Undocumented, hence looked up: absent from static and non-dynamic builds.
    guard let quit = dlsym(nil, "gotoblas_dynamic_quit"),
      let start = dlsym(nil, "gotoblas_dynamic_init")
    else { return .unavailable(recommended: recommended) }
    typealias Function = @convention(c) () -> Void
    setenv("OPENBLAS_CORETYPE", recommended, 1)
    unsafeBitCast(quit, to: Function.self)()
    unsafeBitCast(start, to: Function.self)()
    unsetenv("OPENBLAS_CORETYPE")
    openblas_set_num_threads(1)
    let now = String(cString: openblas_get_corename())
    let isGood = BLASCoreChoice(core: now, processor: .current, environmentCore: nil).isGood
    return isGood
      ? .switched(from: name, to: now) : .refused(recommended: recommended)
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
