internal import CKernels

extension Processor {
  /// The build of the inner loops that is in use: `avx512`, `avx2` or `portable`.
  public static var kernelBuild: String { name(of: nk_active_isa()) }

  /// The best build that this processor runs.
  public static var bestKernelBuild: String {
    name(of: [NK_ISA_AVX512, NK_ISA_AVX2].first(where: nk_isa_available) ?? NK_ISA_PORTABLE)
  }

  private static func name(of build: nk_isa) -> String {
    switch build {
    case NK_ISA_AVX512: "avx512"
    case NK_ISA_AVX2: "avx2"
    default: "portable"
    }
  }
}
