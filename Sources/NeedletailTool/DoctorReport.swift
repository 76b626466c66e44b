import Needletail

/// What a machine gives to the engine.
struct DoctorReport {
  let processor = Processor.detected()
  /// OpenBLAS, or why it cannot be used.
  let library: Result<BLASLibrary, BLASError>
  private let budget: ThreadBudget
  private let threadCount: Int
  private let threadReason: String
  private let threadWarnings: [String]
  let memory = AvailableMemory.detected()
  let load = SystemLoad()
  let speeds: [MatrixProductSpeed]
  /// Why products could not be measured; nil if they were, or there is no OpenBLAS.
  private let speedError: String?
  let activeInstructionSet = Processor.kernelBuild
  let bestInstructionSet = Processor.bestKernelBuild

  init(engine: Engine) {
    budget = engine.threadBudget
    threadWarnings = engine.start()
    threadCount = engine.threadCount
    threadReason = engine.threadReason
    library = Result { () throws(BLASError) in
      try BLASLibrary.require(threadCount: engine.threadCount)
      return try BLASLibrary.current
    }
    let teams = [.serial] + (engine.threadCount > 1 ? [engine.team] : [])
    do {
      _ = try library.get()
      speeds = try teams.map { try MatrixProductSpeed(measuringOn: $0) }
      speedError = nil
    } catch {
      speeds = []
      // That of the library has a line of its own.
      speedError = error is BLASError ? nil : "\(error)"
    }
  }

  /// What is less than it could be, and what to do.
  var warnings: [String] {
    var warnings = budget.warnings + threadWarnings + load.warnings
    switch library {
    case .success(let library): if let warning = library.warning { warnings.append(warning) }
    case .failure(let error):
      warnings.append("\(error) Only --convolution im2row and measurements of OpenBLAS need it.")
    }
    if let speedError { warnings.append("Matrix products were not measured: \(speedError)") }
    if activeInstructionSet != bestInstructionSet {
      warnings.append(
        "The kernels use \(activeInstructionSet), though this processor has \(bestInstructionSet): "
          + "the environment variable NEEDLETAIL_ISA asks for it; unset it.")
    }
    return warnings
  }

  /// The report for people.
  var lines: [String] {
    let counts =
      "\(processor.logicalCount) processors"
      + (processor.coreCount.map { " on \($0) \($0 == 1 ? "core" : "cores")" } ?? "")
    let caches = [
      ("L1", processor.caches.level1Data), ("L2", processor.caches.level2),
      ("L3", processor.caches.level3),
    ].compactMap { name, size in size.map { "\(name) \(Self.kibibytes($0))" } }
    var lines = [
      "needletail        \(NeedletailTool.version)",
      "processor         \(processor.model ?? "unknown"), \(counts)",
      "caches            \(caches.isEmpty ? "unknown" : caches.joined(separator: ", "))",
      "instruction sets  "
        + processor.instructionSets.map(\.rawValue).joined(separator: " ")
        + "; the kernels use \(activeInstructionSet)",
      "BLAS              \(libraryText)",
      "threads           \(threadReason)",
      "memory            \(memory)",
    ]
    for speed in speeds {
      let threads = "\(speed.threadCount) \(speed.threadCount == 1 ? "thread" : "threads")"
      lines.append(
        "matrix product    \(NumberText.decimal(speed.gigaflopsPerSecond, 1)) GFLOP/s on \(threads)"
      )
    }
    let warnings = warnings
    lines += warnings.isEmpty ? ["", "All is well."] : [""] + warnings.map { "warning: \($0)" }
    return lines
  }

  /// The report for programs.
  var json: JSONObject {
    func bytes(_ size: Int?) -> JSONValue { size.map(JSONValue.integer) ?? .null }
    return [
      "version": .string(NeedletailTool.version),
      "processor": .object([
        "model": processor.model.map(JSONValue.string) ?? .null,
        "vendor": processor.vendor.map(JSONValue.string) ?? .null,
        "logical_count": .integer(processor.logicalCount),
        "core_count": bytes(processor.coreCount),
        "level1_data_bytes": bytes(processor.caches.level1Data),
        "level2_bytes": bytes(processor.caches.level2),
        "level3_bytes": bytes(processor.caches.level3),
        "instruction_sets": .array(
          processor.instructionSets.map { .string($0.rawValue) }),
      ]),
      "instruction_set": .string(activeInstructionSet),
      "blas": blasJSON,
      "available_memory_bytes": bytes(memory.byteCount),
      "load_average": load.loadAverage.map { .finite($0) } ?? .null,
      "threads": .integer(threadCount), "threads_reason": .string(threadReason),
      "matrix_product": .array(
        speeds.map {
          .object([
            "threads": .integer($0.threadCount),
            "gflops_per_second": .finite($0.gigaflopsPerSecond),
          ])
        }),
      "warnings": .array(warnings.map(JSONValue.string)),
    ]
  }

  private var blasJSON: JSONValue {
    switch library {
    case .success(let library):
      .object([
        "library": .string("OpenBLAS"), "version": .string(library.version),
        "core": .string(library.coreName), "configuration": .string(library.configuration),
        "recommended_core": library.recommendedCore.map(JSONValue.string) ?? .null,
        "switched_from": switchedFrom.map(JSONValue.string) ?? .null,
      ])
    case .failure(let error):
      .object(["library": .null, "error": .string(error.description)])
    }
  }

  private var libraryText: String {
    // The warnings say why.
    guard let library = try? library.get() else { return "none" }
    let text = "OpenBLAS \(library.version), core \(library.coreName)"
    return text + (switchedFrom.map { " (OpenBLAS itself had chosen \($0))" } ?? "")
  }

  private var switchedFrom: String? {
    // Where there is no library, nothing was switched; the warnings say why there is none.
    if case .switched(let from, _)? = try? BLASLibrary.switchToBestCore() { return from }
    return nil
  }

  private static func kibibytes(_ bytes: Int) -> String {
    bytes >= 1 << 20 && bytes % (1 << 20) == 0 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }
}
