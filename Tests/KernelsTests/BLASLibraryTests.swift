import Glibc
import Kernels
import Testing
import Threads

@Suite struct BLASLibraryTests {
  private static let avx512 = ProcessorFeatures(isX86: true, hasAVX2: true, hasAVX512: true)
  private static let avx2 = ProcessorFeatures(isX86: true, hasAVX2: true, hasAVX512: false)
  private static let old = ProcessorFeatures(isX86: true, hasAVX2: false, hasAVX512: false)
  private static let arm = ProcessorFeatures(isX86: false, hasAVX2: false, hasAVX512: false)

  @Test(arguments: [
    (avx512, "SkylakeX", true), (avx512, "Cooperlake", true), (avx512, "SapphireRapids", true),
    (avx512, "Haswell", false), (avx512, "Zen", false), (avx512, "Prescott", false),
    (avx2, "Haswell", true), (avx2, "Zen", true), (avx2, "SkylakeX", true),
    (avx2, "Sandybridge", false), (old, "Prescott", true), (arm, "neoversen1", true),
  ])
  func goodCores(_ processor: ProcessorFeatures, _ core: String, _ isGood: Bool) {
    let choice = BLASCoreChoice(core: core, processor: processor, environmentCore: nil)
    #expect(choice.isGood == isGood)
    #expect((choice.warning == nil) == isGood)
  }

  @Test func recommendations() {
    func recommended(_ processor: ProcessorFeatures) -> String? {
      BLASCoreChoice(core: "?", processor: processor, environmentCore: nil).recommendedCore
    }
    #expect(recommended(Self.avx512) == "SkylakeX")
    #expect(recommended(Self.avx2) == "Haswell")
    #expect(recommended(Self.old) == nil)
    #expect(recommended(Self.arm) == nil)
  }

  @Test func warningTellsWhoChose() {
    let user = BLASCoreChoice(core: "Haswell", processor: Self.avx512, environmentCore: "Haswell")
    #expect(
      user.warning
        == "OpenBLAS uses the kernels of the core Haswell, though this processor has AVX-512: "
        + "matrix products run at about half the possible speed or less. The environment variable "
        + "OPENBLAS_CORETYPE=Haswell asks for this; unset it, or set it to SkylakeX.")
    let fallback = BLASCoreChoice(core: "Prescott", processor: Self.avx2, environmentCore: "")
    #expect(
      fallback.warning
        == "OpenBLAS uses the kernels of the core Prescott, though this processor has AVX2: "
        + "matrix products run at about half the possible speed or less. This version of OpenBLAS "
        + "does not know the processor; set the environment variable OPENBLAS_CORETYPE=Haswell, "
        + "or install a newer OpenBLAS.")
  }

  @Test func currentLibrary() throws {
    let library = try BLASLibrary.current
    #expect(library.threadCount == 1)
    #expect(library.configuration.hasPrefix("OpenBLAS \(library.version) "))
    let numbers = library.version.split(separator: ".")
    #expect(numbers.count >= 3 && numbers.prefix(2).allSatisfy { Int($0) != nil })
    // What was done about the core is what is told of it.
    switch try BLASLibrary.switchToBestCore() {
    case .alreadyBest: #expect(library.warning == nil)
    case .switched(let from, let to):
      #expect(library.warning == nil)
      #expect(library.coreName == to && from != to)
    case .unavailable(let core), .refused(let core): #expect(library.recommendedCore == core)
    case .chosenByUser: #expect(library.warning?.contains("OPENBLAS_CORETYPE=") == true)
    }
  }

  @Test func aCopyOfOurOwnIsUsed() throws {
    // What a program that embeds us would link or load is another copy: in the same one, the address would
    // be the same.
    let ours = try #require(try BLASLibrary.function(named: "cblas_sgemm"))
    if let handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD) {
      #expect(dlsym(handle, "cblas_sgemm") != ours)
    }
    #expect(dlsym(nil, "cblas_sgemm") != ours)
  }

  @Test func memoryIsTakenBeforeItIsNeeded() throws {
    try BLASLibrary.require(threadCount: 3)
    let count = BLASLibrary.reservedCallCount
    #expect(count >= 3 && count <= 64)
    // Once: fewer threads give nothing back and take nothing.
    try BLASLibrary.require(threadCount: 1)
    #expect(BLASLibrary.reservedCallCount >= count)
  }

  @Test func moreThreadsThanBuffersWaitForOne() throws {
    let (m, n, k) = (640, 320, 128)
    let a = (0..<m * k).map { Float($0 % 13) - 6 }
    let b = (0..<k * n).map { Float($0 % 11) - 5 }
    func product(_ team: WorkerTeam) -> [Float] {
      var y = [Float](repeating: .nan, count: m * n)
      MatrixProduct.forward(m: m, n: n, k: k, a: a, b: b, y: &y, team: team)
      return y
    }
    let alone = product(.serial)
    #expect(alone[n + 2] == (0..<k).reduce(0) { $0 + a[k + $1] * b[$1 * n + 2] })
    let crowd = WorkerTeam(threadCount: 100)
    for _ in 0..<3 { #expect(product(crowd) == alone) }
  }
}
