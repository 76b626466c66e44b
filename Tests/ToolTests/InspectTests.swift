import Foundation
import Testing

@Suite("Inspect and doctor")
struct InspectTests {
  @Test(
    "Presets have the parameters that the literature counts",
    arguments: [("lenet5", 61_706), ("mlp", 669_706), ("mnist-cnn", 93_322)])
  func presets(_ name: String, _ parameters: Int) throws {
    let objects = try Tool.run("inspect", name, "--json").objects()
    try #require(objects.count == 1)
    #expect(objects[0]["parameters"] as? Int == parameters)
    let layers = try #require(objects[0]["layers"] as? [[String: Any]])
    #expect(layers.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) } == parameters)
  }

  @Test("Shape and classes can be chosen")
  func options() throws {
    let run = try Tool.run("inspect", "mlp", "--input", "2x2x1", "--classes", "3", "--json")
    let objects = try run.objects()
    #expect(objects.first?["inputs"] as? [[Int]] == [[2, 2, 1]])
    #expect(objects.first?["parameters"] as? Int == 4 * 512 + 512 + 512 * 512 + 512 + 512 * 3 + 3)
  }

  @Test("How each convolution is computed is shown, and can be chosen")
  func algorithms() throws {
    func algorithms(_ convolution: String? = nil, of network: String = "lenet5") throws -> [String]
    {
      let run =
        try convolution.map { try Tool.run("inspect", network, "--json", "--convolution", $0) }
        ?? Tool.run("inspect", network, "--json")
      let objects = try run.objects()
      let layers = try #require(objects.first?["layers"] as? [[String: Any]])
      return layers.compactMap { $0["convolution"] as? String }
    }
    #expect(try algorithms() == ["direct", "direct"])
    #expect(try algorithms("im2row") == ["im2row", "im2row"])
    // Of the second one's 11×11 pixels the maxima see 10×10: two tiles of 5.
    #expect(try algorithms(of: "mnist-cnn") == ["direct", "winograd5", "winograd3"])
    // Not for kernels of 5×5.
    #expect(try algorithms("winograd4") == ["direct", "direct"])
    #expect(try Tool.run("inspect", "lenet5", "--convolution", "fft").status == 64)
  }

  @Test("A trained model shows its table and its classes")
  func model() throws {
    let run = try Tool.run("inspect", DigitsModel.trained.model)
    #expect(run.status == 0)
    #expect(run.output.contains("classes     10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n"))
    #expect(run.output.contains("parameters  43,050"))
    let refused = try Tool.run("inspect", DigitsModel.trained.model, "--classes", "3")
    #expect(refused.status == 64)
  }

  @Test("A network file is read")
  func networkFile() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("net.yaml")
    try Data("input: [4]\nlayers:\n  - Dense: classes\n".utf8).write(to: file)
    let objects = try Tool.run("inspect", file.path, "--classes", "3", "--json").objects()
    #expect(objects.first?["parameters"] as? Int == 15)
  }

  @Test("A network file without a shape asks for --input, which every command takes")
  func shapeOfNetworkFile() throws {
    let folder = try TemporaryFolder()
    let file = folder.path("net.yaml")
    try Data("layers:\n  - Dense: 3\n".utf8).write(to: URL(fileURLWithPath: file))
    for command in [
      ["inspect", file], ["bench", "train", "--model", file], ["bench", "infer", "--model", file],
      ["bench", "layers", "--model", file],
    ] {
      let missing = try Tool.run(arguments: command)
      #expect(missing.status == 78)
      #expect(missing.errors.contains("expected the shape of an example, found none"))
      #expect(missing.errors.contains("--input 28x28x1"))
      let short = command[0] == "bench" ? ["--seconds", "0.01", "--batch", "2"] : []
      let given = try Tool.run(arguments: command + ["--json", "--input", "6"] + short)
      #expect(given.status == 0, "\(given.errors)")
      if command[1] != "layers" {
        #expect(try given.objects().first?["parameters"] as? Int == 21)
      }
    }
    let misfit = try Tool.run("bench", "infer", "--model", "vgg8", "--input", "8x8x1")
    #expect(misfit.status == 64)
    #expect(misfit.errors.hasPrefix("needletail: --input: The preset vgg8 does not fit examples"))
  }

  @Test("A network file is shown with the output that it has", arguments: ["1", "2", "100"])
  func outputs(_ width: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.path("net.yaml")
    try Data("input: [4]\nlayers:\n  - Dense: \(width)\n".utf8)
      .write(to: URL(fileURLWithPath: file))
    let run = try Tool.run("inspect", file, "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.objects().first?["parameters"] as? Int == (Int(width) ?? 0) * 5)
    for command in ["train", "infer", "layers"] {
      let bench = try Tool.run(
        "bench", command, "--model", file, "--seconds", "0.01", "--batch", "2", "--json")
      #expect(bench.status == 0, "\(bench.errors)")
    }
    // Who asks for classes gets them, or is told.
    let refused = try Tool.run("inspect", file, "--classes", "7")
    #expect(refused.status == 65)
  }

  @Test("Doctor describes the machine")
  func doctor() throws {
    let objects = try Tool.run("doctor", "--threads", "1", "--json").objects()
    try #require(objects.count == 1)
    #expect(objects[0]["threads"] as? Int == 1)
    #expect((objects[0]["threads_reason"] as? String)?.contains("asked for") == true)
    let blas = try #require(objects[0]["blas"] as? [String: Any])
    #expect((blas["core"] as? String)?.isEmpty == false)
    let speeds = try #require(objects[0]["matrix_product"] as? [[String: Any]])
    #expect(speeds.count == 1)
    #expect((speeds[0]["gflops_per_second"] as? Double ?? 0) > 0)
    #expect(objects[0]["warnings"] is [String])
    let text = try Tool.run("doctor", "--threads", "1")
    #expect(text.status == 0)
    #expect(text.errors == "")
    #expect(text.output.contains("OpenBLAS"))
  }
}
