import Benchmarks
import Kernels
import Needletail

/// Prints what was measured, line by line: measuring all takes minutes.
struct KernelReporter {
  let peak: ProcessorPeak
  let batch: Int
  let isJSON: Bool
  private var lastHead = ""

  init(peak: ProcessorPeak, batch: Int, isJSON: Bool) {
    self.peak = peak
    self.batch = batch
    self.isJSON = isJSON
  }

  mutating func report(_ convolution: NetworkConvolution, _ speeds: [KernelSpeed]) throws {
    let geometry = convolution.geometry
    let kernel = "\(geometry.kernelHeight)×\(geometry.kernelWidth)"
    let input = [geometry.inputHeight, geometry.inputWidth, geometry.inputChannels]
    var text = "\(BenchText.shape(input)) → \(geometry.outputChannels), kernel \(kernel)"
    if geometry.strideHeight > 1 { text += ", strides \(geometry.strideHeight)" }
    if geometry.groups > 1 { text += ", groups \(geometry.groups)" }
    try report(
      head: text, network: convolution.network, speeds,
      [
        "kind": .string("convolution"), "input": .array(input.map(JSONValue.integer)),
        "filters": .integer(geometry.outputChannels), "kernel": .integer(geometry.kernelHeight),
        "strides": .integer(geometry.strideHeight), "groups": .integer(geometry.groups),
        "batch": .integer(batch),
      ])
  }

  mutating func report(
    network: String, rows: Int, _ inputSize: Int, _ outputSize: Int, _ speeds: [KernelSpeed]
  ) throws {
    try report(
      head: "product \(rows)×\(inputSize) · \(inputSize)×\(outputSize)", network: network, speeds,
      [
        "kind": .string("product"), "rows": .integer(rows), "inputs": .integer(inputSize),
        "outputs": .integer(outputSize),
      ])
  }

  private mutating func report(
    head: String, network: String, _ speeds: [KernelSpeed], _ members: JSONObject
  ) throws {
    guard !isJSON else {
      for speed in speeds {
        var object = members
        if !network.isEmpty { object["model"] = .string(network) }
        object["pass"] = .string(speed.pass.name)
        object["algorithm"] = .string(speed.algorithm)
        object["rule"] = .boolean(speed.isRule)
        object["milliseconds_median"] = .finite(speed.timing.median * 1e3)
        object["milliseconds_best"] = .finite(speed.timing.best * 1e3)
        object["preparation_milliseconds"] = .finite(speed.preparation * 1e3)
        object["gflops_median"] = .finite(speed.gigaflopsPerSecond)
        object["peak_gflops"] = .finite(peak.gigaflopsPerSecond)
        object["peak_fraction"] = .finite(speed.gigaflopsPerSecond / peak.gigaflopsPerSecond)
        object["threads"] = .integer(peak.threadCount)
        object["isa"] = .string(Processor.kernelBuild)
        try StandardOutput.line(JSONValue.object(object).canonicalText)
      }
      return
    }
    let title = network.isEmpty ? head : "\(network): \(head)"
    if title != lastHead { try StandardOutput.line("\n" + title) }
    lastHead = title
    for speed in speeds {
      func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
      }
      let preparation =
        speed.preparation > 0
        ? "  and \(BenchText.milliseconds(speed.preparation)) ms for the weights" : ""
      try StandardOutput.line(
        "  " + padded(speed.algorithm + (speed.isRule ? "*" : ""), 15)
          + padded(speed.pass.name, 16)
          + padded(BenchText.milliseconds(speed.timing.median), 10, left: true) + " ms"
          + padded(NumberText.decimal(speed.gigaflopsPerSecond, 1), 9, left: true) + " GFLOP/s"
          + padded(
            BenchText.percent(speed.gigaflopsPerSecond / peak.gigaflopsPerSecond), 9, left: true)
          + preparation)
    }
  }
}

extension ConvolutionPass {
  /// The pass's name in tables and JSON.
  fileprivate var name: String {
    switch self {
    case .forward: "forward"
    case .backwardData: "backward-data"
    case .backwardWeights: "backward-weights"
    }
  }
}
