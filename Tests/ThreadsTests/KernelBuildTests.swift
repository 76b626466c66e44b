import CKernels
import Testing
import Threads

@Suite struct KernelBuildTests {
  @Test func namesAreThoseOfTheVariable() {
    #expect(String(cString: nk_isa_name(NK_ISA_PORTABLE)) == "portable")
    #expect(String(cString: nk_isa_name(NK_ISA_AVX2)) == "avx2")
    #expect(String(cString: nk_isa_name(NK_ISA_AVX512)) == "avx512")
    #expect(Processor.availableKernelBuilds.last == "portable")
    #expect(Processor.availableKernelBuilds.contains(Processor.kernelBuild))
  }

  @Test func aBuildTakesAllThatTheCompilerMayUse() {
    #expect(nk_required_features(NK_ISA_PORTABLE) == 0)
    #if arch(x86_64)
    // sse3, ssse3, sse4.1, sse4.2, popcnt, avx, avx2, fma, bmi2.
    #expect(nk_required_features(NK_ISA_AVX2).nonzeroBitCount == 9)
    // Besides f16c, avx512f, vl, bw and dq.
    #expect(nk_required_features(NK_ISA_AVX512).nonzeroBitCount == 14)
    #expect(
      nk_required_features(NK_ISA_AVX512) & nk_required_features(NK_ISA_AVX2)
        == nk_required_features(NK_ISA_AVX2))
    #endif
  }

  #if arch(x86_64)
  /// The features that a build takes, as Linux calls them.
  private static let avx2 = [
    "pni", "ssse3", "sse4_1", "sse4_2", "popcnt", "avx", "avx2", "fma", "bmi2",
  ]
  private static let avx512 = avx2 + ["f16c", "avx512f", "avx512vl", "avx512bw", "avx512dq"]

  @Test(arguments: [(NK_ISA_AVX2, avx2), (NK_ISA_AVX512, avx512)])
  func aBuildIsToBeHadWhereNoneIsMissing(_ build: nk_isa, _ flags: [String]) throws {
    // What the kernel lists is what processor, hypervisor and system leave a program.
    let text = try #require(SystemText().text(of: "/proc/cpuinfo"))
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") })
    let listed = Set(line.split { " \t:".contains($0) }.map(String.init))
    let isComplete = listed.isSuperset(of: flags)
    #expect(nk_isa_available(build) == isComplete)
    #expect(
      Processor.availableKernelBuilds.contains(String(cString: nk_isa_name(build))) == isComplete)
  }
  #endif

  @Test func anErrorNamesWhatThereIs() {
    #expect(
      EngineError.instructionSet("sse9", available: ["avx2", "portable"]).description
        == "The environment variable NEEDLETAIL_ISA: expected an instruction set that this processor "
        + "has (avx2, portable), found \"sse9\"; unset it to use the best.")
  }
}
