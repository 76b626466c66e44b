package import Threads

/// The forward pass of a dense layer, by ``DeepDense`` where the weights' shape asks for it, else by
/// ``Dense``.
package struct DenseForward: Sendable {
  private let inputSize: Int
  private let outputSize: Int
  private let deep: DeepDense?

  package init(inputSize: Int, outputSize: Int) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    deep = DeepDense(inputSize: inputSize, outputSize: outputSize)
  }

  /// The floats of ``prepare(_:into:team:)``'s result.
  package var preparedCount: Int {
    deep?.preparedCount
      ?? Dense.preparedCount(inputSize: inputSize, outputSize: outputSize, pass: .forward)
  }

  /// The floats of scratch memory for up to so many rows.
  package func scratchCount(maximumRows: Int, threadCount: Int) -> Int {
    deep?.scratchCount(maximumRows: maximumRows)
      ?? Dense.scratchCount(
        rows: maximumRows, inputSize: inputSize, outputSize: outputSize, pass: .forward,
        threadCount: threadCount)
  }

  /// Packs W.
  package func prepare(
    _ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    if let deep {
      deep.prepare(weights, into: prepared, team: team)
    } else {
      Dense.prepare(
        inputSize: inputSize, outputSize: outputSize, pass: .forward, weights: weights,
        into: prepared, team: team)
    }
  }

  /// y = f(x · W + b), as ``Dense`` has it.
  ///
  /// - Parameter scratch: As many floats as ``scratchCount(maximumRows:threadCount:)`` says.
  package func run(
    rows: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    if let deep {
      deep.forward(
        rows: rows, x: x, prepared: prepared, bias: bias, function: function,
        parameter: parameter, y: y, scratch: scratch, team: team)
    } else {
      Dense.forward(
        rows: rows, inputSize: inputSize, outputSize: outputSize, x: x, prepared: prepared,
        bias: bias, function: function, parameter: parameter, y: y, scratch: scratch, team: team)
    }
  }
}
