import Foundation
import Testing

@Suite("Bench")
struct BenchTests {
  /// Runs a benchmark on one thread, and gives its JSON objects.
  private func objects(_ arguments: String) throws -> [[String: Any]] {
    let words = ["bench"] + arguments.split(separator: " ").map(String.init)
    let run = try Tool.shell("\"$TOOL\" \(words.joined(separator: " ")) --threads 1 --json")
    #expect(run.status == 0, "\(run.errors)")
    return try run.objects()
  }

  /// That an object has numbers above zero under these keys.
  private func expectPositive(_ object: [String: Any], _ keys: [String]) {
    for key in keys {
      #expect(((object[key] as? Double) ?? 0) > 0, "\(key) of \(object)")
    }
  }

  @Test("Training and inference are measured", arguments: ["train", "infer"])
  func models(_ command: String) throws {
    let found = try objects("\(command) --model digits-cnn mlp --batch 4 --seconds 0.02 --seed 3")
    #expect(found.map { $0["model"] as? String } == ["digits-cnn", "mlp"])
    for object in found {
      #expect(object["kind"] as? String == command)
      #expect(object["batch"] as? Int == 4)
      #expect(object["threads"] as? Int == 1)
      #expect(object["seed"] as? Int == 3)
      #expect(object["convolution"] as? String == "auto")
      #expect(["avx512", "avx2", "portable"].contains(object["isa"] as? String))
      expectPositive(
        object,
        [
          "steps", "windows", "seconds", "images_per_second_best", "images_per_second_median",
          "step_milliseconds_best", "step_milliseconds_median", "gflops_median", "peak_gflops",
          "peak_fraction", "flops_per_step", "parameters", "peak_memory_bytes",
        ])
    }
    #expect(found.last?["parameters"] as? Int == 669_706)
    // 784·512 + 512·512 + 512·10 multiplications and additions.
    let forward = 2.0 * 4 * Double(784 * 512 + 512 * 512 + 512 * 10)
    #expect(found.last?["flops_per_step"] as? Double == (command == "train" ? 3 : 1) * forward)
    #expect((found.last?["planned_memory_bytes"] != nil) == (command == "train"))
  }

  @Test("The algorithm of convolutions is chosen and told")
  func convolution() throws {
    let found = try objects(
      "infer --model digits-cnn --batch 2 --seconds 0.01 --convolution im2row")
    #expect(found.first?["convolution"] as? String == "im2row")
    let layers = try objects(
      "layers --model digits-cnn --batch 2 --seconds 0.01 --convolution im2row")
    #expect(layers.compactMap { $0["convolution"] as? String } == ["im2row", "im2row"])
  }

  @Test("Layers have times and shares that add up")
  func layers() throws {
    let found = try objects("layers --model digits-cnn --batch 4 --seconds 0.05")
    let layers = found.filter { $0["kind"] as? String == "layer" }
    // The first convolution scales its images itself.
    #expect(layers.first?["layer"] as? String == "1")
    #expect(found.suffix(3).map { $0["kind"] as? String } == ["optimizer", "rest", "step"])
    for layer in layers where layer["convolution"] is String {
      expectPositive(
        layer,
        [
          "forward_milliseconds_mean", "forward_milliseconds_median", "backward_milliseconds_mean",
          "backward_milliseconds_median", "share", "forward_gflops", "backward_gflops",
        ])
    }
    let shares = found.compactMap { $0["share"] as? Double }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
    let step = try #require(found.last?["step_milliseconds_mean"] as? Double)
    let optimizer = try #require(found.dropLast(2).last?["optimizer_milliseconds_mean"] as? Double)
    #expect(optimizer > 0 && optimizer < step)
  }

  @Test("Kernels are measured by each algorithm that supports them")
  func kernels() throws {
    let found = try objects(
      "kernels --input 6x6x2 --filters 3 --product 4x5x6 --batch 2 --seconds 0.001")
    let convolutions = found.filter { $0["kind"] as? String == "convolution" }
    let algorithms = [
      "direct", "winograd2", "winograd3", "winograd4", "winograd5", "im2row",
    ]
    #expect(
      convolutions.map { $0["algorithm"] as? String }
        == algorithms.flatMap { [String?](repeating: $0, count: 3) })
    #expect(
      convolutions.prefix(3).map { $0["pass"] as? String }
        == ["forward", "backward-data", "backward-weights"])
    #expect(convolutions.filter { $0["rule"] as? Bool == true }.count == 3)
    let products = found.filter { $0["kind"] as? String == "product" }
    #expect(products.count == 6)
    for object in found {
      expectPositive(
        object, ["milliseconds_median", "milliseconds_best", "gflops_median", "peak_fraction"])
    }
    let preset = try objects(
      "kernels --model lenet5 --convolution direct --batch 2 --seconds 0.001")
    #expect(preset.count == 6)
    #expect(preset.allSatisfy { $0["model"] as? String == "lenet5" })
  }

  @Test("The limits of processor and memory are measured")
  func peak() throws {
    let found = try objects("peak --seconds 0.01")
    #expect(
      found.map { $0["limit"] as? String } == ["multiply-add", "read", "copy", "triad"])
    expectPositive(found[0], ["gflops"])
    for object in found.dropFirst() {
      expectPositive(object, ["gigabytes_per_second", "array_bytes"])
    }
  }

  @Test("Decoding and batching are measured")
  func data() throws {
    let found = try objects("data --images 20 --batch 8 --seconds 0.01")
    #expect(
      found.map { $0["source"] as? String } == [
        "idx", "idx gzip", "cifar-10", "png", "jpeg", "png, resized", "jpeg, resized",
      ]
        + [[String]](repeating: ["shuffled batches", "augmented by flip,shift:4"], count: 3)
        .flatMap(\.self))
    #expect(
      found.suffix(6).map { $0["shape"] as? [Int] } == [
        [28, 28, 1], [28, 28, 1], [32, 32, 3], [32, 32, 3], [224, 224, 3], [224, 224, 3],
      ])
    for object in found {
      expectPositive(object, ["images_per_second_best", "images_per_second_median", "images"])
    }
  }

  @Test(
    "Tables for people",
    arguments: [
      ("train --model digits-cnn --batch 2", "ms/step"),
      ("layers --model digits-cnn --batch 2", "optimizer"),
      ("kernels --product 4x5x6", "product 4×5 · 5×6"), ("data --images 10", "in batches"),
    ])
  func tables(_ arguments: String, _ words: String) throws {
    let run = try Tool.shell("\"$TOOL\" bench \(arguments) --threads 1 --seconds 0.01")
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.contains(words))
  }

  @Test("Help names the benchmarks")
  func help() throws {
    let run = try Tool.run("bench", "--help")
    for command in ["peak", "kernels", "train", "infer", "layers", "data"] {
      #expect(run.output.contains("\n  \(command) "))
    }
    #expect(try Tool.run("bench", "train", "--help").output.contains("--seconds <seconds>"))
  }

  @Test(
    "What cannot be measured is refused, with a word",
    arguments: [
      ("train", "Missing expected argument '--model"),
      ("train --model nosuch", "expected a preset"),
      (
        "train --model mlp --batch 0",
        "--batch: expected a whole number from 1 to 1048576, found '0'"
      ),
      ("infer --model mlp --seconds 0", "--seconds: expected a number of seconds above 0"),
      ("layers --model mlp --threads 0", "--threads: expected a whole number from 1 to 1024"),
      ("kernels --input 6x6x2", "--input: expected --filters too"),
      ("kernels --input 6x6x2 --filters 0", "--filters: expected a whole number from 1 to 65536"),
      (
        "kernels --input 6x6x2 --filters 3 --groups 2",
        "--input: expected a convolution that is possible"
      ),
      ("kernels --input 6x6x2 --filters 3 --kernel 0", "--kernel: expected a whole number from 1"),
      ("kernels --model mlp --product 4x5x6", "--model: expected presets, or shapes by hand"),
      ("kernels --product 4x5", "--product: expected rows, inputs and outputs"),
      ("data --images 3", "--images: expected a whole number from 10"),
    ])
  func errors(_ arguments: String, _ words: String) throws {
    let run = try Tool.shell("\"$TOOL\" bench \(arguments)")
    #expect(run.status == 64)
    #expect(run.output == "")
    #expect(run.errors.contains(words), "\(run.errors)")
  }
}
