import Kernels
import TestSupport
import Testing
import Threads

/// The sizes of a dense map to test.
struct DenseCase: Sendable, CustomTestStringConvertible {
  var rows: Int
  var inputs: Int
  var outputs: Int

  var testDescription: String { "\(rows) rows, \(inputs) -> \(outputs)" }

  static let all: [DenseCase] = [
    (1, 1, 1), (1, 7, 1), (1, 784, 128), (1, 1031, 517), (2, 3, 5), (17, 64, 65), (32, 784, 128),
    (65, 1, 33), (65, 33, 1), (257, 31, 10), (3000, 7, 3), (1024, 129, 67), (5, 2, 1030),
    (40, 520, 530), (300, 260, 600),
  ].map { DenseCase(rows: $0.0, inputs: $0.1, outputs: $0.2) }
}

/// What the passes of a dense map computed.
struct DensePasses: Equatable {
  var y: [Float]
  var dx: [Float]
  var dWeights: [Float]
  var dBias: [Float]

  /// Runs all passes, each with as much scratch memory as it says.
  ///
  /// - Parameters:
  ///   - addend: What is added to y, before the function.
  ///   - initial: What the gradients are added to; nil to overwrite them.
  ///   - maximumRows: The rows that the scratch memory is for, if they are more.
  init(
    _ test: DenseCase, x: [Float], weights: [Float], bias: [Float], dz: [Float], threads: Int = 1,
    addend: [Float]? = nil, initial: Float? = nil, function: ElementwiseFunction = .identity,
    maximumRows: Int = 0
  ) {
    y = Array(repeating: .nan, count: dz.count)
    dx = Array(repeating: initial ?? .nan, count: x.count)
    dWeights = Array(repeating: initial ?? .nan, count: weights.count)
    dBias = Array(repeating: initial ?? .nan, count: bias.count)
    let team = WorkerTeam(threadCount: threads)
    /// Gives a pass its prepared weights and its scratch memory.
    func memory(
      _ pass: ConvolutionPass,
      _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
      withScratch(
        Dense.preparedCount(inputSize: test.inputs, outputSize: test.outputs, pass: pass)
      ) { prepared in
        Dense.prepare(
          inputSize: test.inputs, outputSize: test.outputs, pass: pass, weights: weights,
          into: prepared, team: team)
        withScratch(
          Dense.scratchCount(
            rows: max(test.rows, maximumRows), inputSize: test.inputs, outputSize: test.outputs,
            pass: pass, threadCount: threads)
        ) { body(prepared, $0) }
      }
    }
    memory(.forward) { prepared, scratch in
      Dense.forward(
        rows: test.rows, inputSize: test.inputs, outputSize: test.outputs, x: x,
        prepared: prepared, bias: bias, addend: addend, function: function, parameter: 0, y: &y,
        scratch: scratch, team: team)
    }
    memory(.backwardData) { prepared, scratch in
      Dense.backwardData(
        rows: test.rows, inputSize: test.inputs, outputSize: test.outputs, dz: dz,
        prepared: prepared, dx: &dx, accumulate: initial != nil, scratch: scratch,
        team: team)
    }
    memory(.backwardWeights) { _, scratch in
      Dense.backwardWeights(
        rows: test.rows, inputSize: test.inputs, outputSize: test.outputs, x: x, dz: dz,
        dWeights: &dWeights, dBias: &dBias, accumulate: initial != nil,
        scratch: scratch, team: team)
    }
  }
}
