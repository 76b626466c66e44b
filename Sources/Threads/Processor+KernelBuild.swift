internal import CKernels

extension Processor {
  /// The build of the inner loops that is in use: `avx512`, `avx2` or `portable`.
  public static var kernelBuild: String { name(of: nk_active_isa()) }

  /// The best build that this processor runs.
  public static var bestKernelBuild: String { availableKernelBuilds[0] }

  /// The builds that this processor runs, the best first.
  package static var availableKernelBuilds: [String] {
    [NK_ISA_AVX512, NK_ISA_AVX2, NK_ISA_PORTABLE].filter(nk_isa_available).map(name)
  }

  /// What the environment variable `NEEDLETAIL_ISA` asks for and does not get; nil where it is not set,
  /// or empty, or honoured.
  package static let refusedKernelBuild: String? = nk_refused_isa().map { String(cString: $0) }

  private static func name(of build: nk_isa) -> String { String(cString: nk_isa_name(build)) }
}
