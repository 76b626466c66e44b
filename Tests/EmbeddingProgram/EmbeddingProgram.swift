import Needletail

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A program that embeds the engine, for tests of what cannot be done to the process that runs them:
/// it is forked, and its memory is limited.
///
/// Says what it saw on standard output; a failure that it did not expect ends it by a trap.
@main
enum EmbeddingProgram {
  static func main() throws {
    switch CommandLine.arguments.dropFirst().first {
    case "fork-after-use": try forkAfterUse()
    case "fork-before-use": try forkBeforeUse()
    case "limited-memory": try limitMemory()
    case "limited-fit": try limitFit()
    case "blas-before": try useOwnBLAS(isFirst: true)
    case "blas-after": try useOwnBLAS(isFirst: false)
    case "want-of-files": try wantFiles()
    case "want-of-memory": try wantMemoryForImages()
    default:
      say(
        "fork-after-use, fork-before-use, limited-memory, limited-fit, blas-before, blas-after, "
          + "want-of-files or want-of-memory")
    }
  }

  // MARK: Forked children

  private static func forkAfterUse() throws {
    var model = try smallModel()
    _ = try model(Tensor(zeros: [300, 64]))
    let digits = try Digits.load()
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .sgd(learningRate: 0.1))
    inChild {
      say(refusal { _ = try model(Tensor(zeros: [300, 64])) })
      say(refusal { _ = try model.classify(Tensor(zeros: [1, 64])) })
      say(refusal { try trainer.fit(&model, to: digits.training, epochs: 1) })
      say(refusal { _ = try trainer.evaluate(model, on: digits.test) })
      say(refusal { _ = try Batches(digits.training, size: 32, prefetch: true) })
      say(refusal { _ = try Engine() })
    }
    // The parent goes on.
    say("parent \(try model(Tensor(zeros: [2, 64])).shape)")
  }

  private static func forkBeforeUse() throws {
    inChild {
      let model = try smallModel()
      say("child \(try model(Tensor(zeros: [300, 64])).shape)")
    }
  }

  private static func smallModel() throws -> Model {
    let network = Sequential {
      Flatten()
      Dense(outputSize: 32, activation: .relu)
      Dense(outputSize: 10)
    }
    return try Model(
      network, inputShape: [64], engine: Engine(options: EngineOptions(threadCount: 2)))
  }

  /// Runs `body` in a forked child, and waits for its end.
  private static func inChild(_ body: () throws -> Void) {
    // Swift hides `fork`, with reason.
    typealias Fork = @convention(c) () -> Int32
    guard let symbol = dlsym(nil, "fork") else { preconditionFailure("There is no fork.") }
    let child = unsafeBitCast(symbol, to: Fork.self)()
    precondition(child >= 0, "The system refuses a child.")
    if child == 0 {
      do {
        try body()
        _exit(0)
      } catch {
        say("unexpected: \(error)")
        _exit(1)
      }
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    say("child ended with \(status)")
  }

  /// The error that refuses an action.
  private static func refusal(_ action: () throws -> Void) -> String {
    do {
      try action()
      return "allowed"
    } catch {
      return "\(type(of: error)): \(error)"
    }
  }

  // MARK: Little memory

  private static func limitMemory() throws {
    // Threads first: their stacks count.
    let engine = try Engine(options: EngineOptions(threadCount: 2))
    let small = try Model(
      Sequential { Dense(outputSize: 2) }, inputShape: [2], engine: engine)
    _ = try small(Tensor(zeros: [300, 2]))

    // Each example becomes 2^20 numbers on the way: 4 MB, and 512 MB for 128.
    let builder = GraphBuilder()
    let x = builder.placeholder("x", [.batch, 1024])
    let mean = globalAveragePool2D(
      x.reshaped(to: [1024, 1, 1]) * x.reshaped(to: [1, 1024, 1]))
    let wide = try Model(outputs: ["mean": mean], engine: engine)
    let examples = Tensor(shape: [128, 1024], (0..<128 * 1024).map { Float($0 % 97) / 97 })
    let unlimited = try wide(examples)
    let pixels = Tensor(shape: [64, 32, 32, 3], (0..<64 * 3072).map { Float($0 % 251) })
    let data = try InMemoryDataset(inputs: pixels, labels: (0..<64).map { Int32($0 % 10) })

    // A model without the memory that the first one keeps.
    let again = try Model(outputs: ["mean": mean], engine: engine)
    limitAddressSpace(toMore: 200_000_000)
    say("smaller parts: \(try again(examples) == unlimited)")

    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3))
    var model = try Model(
      Sequential {
        Conv2D(outputChannels: 64, kernelSize: 3, padding: .same, activation: .relu)
        Flatten()
        Dense(outputSize: 10)
      }, inputShape: [32, 32, 3], engine: engine)
    do {
      _ = try trainer.makeState(for: model, fields: data.fields, batchSize: 4096)
      say("4096 fit")
    } catch let error as MemoryError {
      say("\(error)")
      guard let words = error.advice.split(separator: " ").compactMap({ Int($0) }).first else {
        return
      }
      let state = try trainer.makeState(for: model, fields: data.fields, batchSize: words)
      let batch = try Batches(data, size: min(words, 64))
      if let first = try batch.next() { try trainer.step(&model, state, on: first) }
      say("trained with batches of up to \(words)")
    }
  }

  /// Trains with the batch that the advice names, and with larger ones.
  private static func limitFit() throws {
    let engine = try Engine(options: EngineOptions(threadCount: 2))
    let small = try Model(
      Sequential { Dense(outputSize: 2) }, inputShape: [2], engine: engine)
    _ = try small(Tensor(zeros: [300, 2]))
    let network = Sequential {
      Conv2D(outputChannels: 64, kernelSize: 3, padding: .same, activation: .relu)
      Conv2D(outputChannels: 4, kernelSize: 3, padding: .same, activation: .relu)
      Flatten()
      Dense(outputSize: 10)
    }
    let pixels = [UInt8](repeating: 1, count: 2000 * 1024)
    let data = try ByteImageDataset(
      pixels: pixels, imageShape: [32, 32, 1], labels: (0..<2000).map { Int32($0 % 10) })
    let model = try Model(network, inputShape: [32, 32, 1], engine: engine)
    let trainer = Trainer(loss: .softmaxCrossEntropy, optimizer: .adam(learningRate: 1e-3))
    limitAddressSpace(toMore: 300_000_000)

    /// The batch that would fit; nil where this one does.
    func advised(insteadOf batch: Int, validates: Bool) throws -> Int? {
      do {
        var model = model
        // All memory is taken before the first step.
        try trainer.fit(
          &model, to: data, validation: validates ? data : nil, epochs: 1, batchSize: batch
        ) { _ in .stop }
        return nil
      } catch let error as MemoryError {
        guard let advice = error.advice.split(separator: " ").compactMap({ Int($0) }).first else {
          say("\(error)")
          return 0
        }
        return advice
      }
    }
    for validates in [false, true] {
      guard let most = try advised(insteadOf: 2000, validates: validates) else {
        say("2000 fit")
        continue
      }
      let fits = try advised(insteadOf: most, validates: validates) == nil
      let larger = try advised(insteadOf: most + most / 20 + 1, validates: validates)
      say(
        "\(most) \(fits ? "fits" : "does not fit"), \(larger == nil ? "as does more" : "more does not")"
      )
    }
    // An evaluation takes the batches that fit.
    let wide = try Model(
      Sequential {
        Conv2D(outputChannels: 2000, kernelSize: 1)
        Conv2D(outputChannels: 2, kernelSize: 1)
        Flatten()
        Dense(outputSize: 10)
      }, inputShape: [32, 32, 1], engine: engine)
    let few = try SubsetDataset(data, indices: Array(0..<40))
    say(refusal { _ = try trainer.evaluate(wide, on: few, batchSize: 40) })
    say("evaluated \(try trainer.evaluate(wide, on: few).exampleCount)")
  }

  static func limitAddressSpace(toMore bytes: UInt64) {
    guard let text = SystemText().line("/proc/self/statm"),
      let pages = text.split(separator: " ").first.flatMap({ UInt64($0) })
    else { preconditionFailure("There is no /proc/self/statm.") }
    let most = rlim_t(pages * UInt64(sysconf(Int32(_SC_PAGESIZE))) + bytes)
    var limit = rlimit(rlim_cur: most, rlim_max: most)
    #if canImport(Glibc)
    let status = setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #else
    let status = setrlimit(RLIMIT_AS, &limit)
    #endif
    precondition(status == 0, "The limit was refused.")
  }

  // MARK: An OpenBLAS of the program's own

  /// Has an OpenBLAS with 3 threads, loaded before or after the engine's, which must not notice.
  private static func useOwnBLAS(isFirst: Bool) throws {
    setenv("OPENBLAS_NUM_THREADS", "3", 1)
    var own = isFirst ? OwnBLAS() : nil
    let before = threadCount
    let engine = try Engine(options: EngineOptions(threadCount: 2, convolution: .im2row))
    let model = try Model(
      Sequential { Conv2D(outputChannels: 256, kernelSize: 3, padding: .same) },
      inputShape: [32, 32, 64], engine: engine)
    _ = try model(Tensor(zeros: [16, 32, 32, 64]))
    say("threads more: \(threadCount - before)")
    say("ours: \(try BLASLibrary.current.threadCount)")
    if own == nil { own = OwnBLAS() }
    let expected = min(3, ThreadBudget.detected().findings.affinityProcessorCount)
    let variable = getenv("OPENBLAS_NUM_THREADS").map { String(cString: $0) } ?? ""
    say("theirs as asked: \(own?.threadCount == expected), variable \(variable)")
    say("threads beside theirs: \(threadCount - before - (isFirst ? 0 : expected - 1))")
  }

  /// An OpenBLAS as a program loads it.
  private struct OwnBLAS {
    private let handle: UnsafeMutableRawPointer

    init?() {
      guard let handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL) else { return nil }
      self.handle = handle
    }

    var threadCount: Int {
      guard let address = dlsym(handle, "openblas_get_num_threads") else { return -1 }
      return Int(unsafeBitCast(address, to: (@convention(c) () -> Int32).self)())
    }
  }

  /// How many threads this process has.
  private static var threadCount: Int {
    let lines = SystemText().text(of: "/proc/self/status")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("Threads:") }
    return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
  }

  /// Writes a line at once: a child must not write its parent's buffer again.
  static func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}
