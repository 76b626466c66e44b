internal import CKernels
package import Threads

/// The affine map y = f(x · W + b) of rows, and its gradients.
///
/// x is [rows, inputSize], W [inputSize, outputSize], y [rows, outputSize]. `prepared` is what
/// ``prepare(inputSize:outputSize:pass:weights:into:team:)`` made of W for the pass.
package enum Dense {
  /// The floats of ``prepare(inputSize:outputSize:pass:weights:into:team:)``'s result.
  package static func preparedCount(
    inputSize: Int, outputSize: Int, pass: ConvolutionPass
  ) -> Int {
    switch pass {
    case .forward: PackedMatrix(depth: inputSize, columns: outputSize).count
    case .backwardData: PackedMatrix(depth: outputSize, columns: inputSize).count
    case .backwardWeights: 0
    }
  }

  /// Packs W, or its transpose for the gradient of x.
  package static func prepare(
    inputSize: Int, outputSize: Int, pass: ConvolutionPass, weights: UnsafePointer<Float>,
    into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    switch pass {
    case .forward:
      PackedMatrix(depth: inputSize, columns: outputSize)
        .pack(weights, rowStep: outputSize, into: prepared, team: team)
    case .backwardData:
      PackedMatrix(depth: outputSize, columns: inputSize)
        .packTransposed(weights, rowStep: outputSize, into: prepared, team: team)
    case .backwardWeights:
      break
    }
  }

  /// y = f(x · W + b + addend).
  ///
  /// - Parameters:
  ///   - bias: `outputSize` elements, or nil for none.
  ///   - addend: As many elements as y, or nil for none.
  ///   - parameter: That of `function`, where it has one.
  ///   - moments: Those of y that are taken, of the rows that ``TileProduct`` takes together.
  ///   - scratch: As many floats as ``scratchCount(rows:inputSize:outputSize:pass:threadCount:)`` says.
  package static func forward(
    rows: Int, inputSize: Int, outputSize: Int, x: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    addend: UnsafePointer<Float>? = nil, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, moments: ColumnMoments? = nil,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    multiply(
      rows: rows, inputSize: inputSize, outputSize: outputSize, a: x, packed: prepared, c: y,
      bias: bias, addend: addend, function: function, parameter: parameter, moments: moments,
      scratch: scratch, team: team)
  }

  /// dx = dz · Wᵀ, or += with `accumulate`; dz is the gradient of x · W + b.
  package static func backwardData(
    rows: Int, inputSize: Int, outputSize: Int, dz: UnsafePointer<Float>,
    prepared: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    multiply(
      rows: rows, inputSize: outputSize, outputSize: inputSize, a: dz, packed: prepared, c: dx,
      bias: nil, addend: accumulate ? UnsafePointer(dx) : nil, function: .identity, parameter: 0,
      scratch: scratch, team: team)
  }

  private static func multiply(
    rows: Int, inputSize: Int, outputSize: Int, a: UnsafePointer<Float>,
    packed: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?,
    addend: UnsafePointer<Float>?, function: ElementwiseFunction, parameter: Float,
    moments: ColumnMoments? = nil, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    withUnsafePointer(to: nk_run(offset: 0, length: inputSize)) { run in
      let product = TileProduct(
        rows: rows, matrix: PackedMatrix(depth: inputSize, columns: outputSize), a: a,
        aRows: .rows(step: inputSize), runs: run, runCount: 1, packed: packed, c: c,
        cRows: .rows(step: outputSize), bias: bias, addend: addend, function: function,
        parameter: parameter, moments: moments.map { ($0, 0) })
      if SparseProduct.pays(
        rows: rows, depth: inputSize, columns: outputSize, a: a, rowStep: inputSize)
      {
        team.run(SparseProduct(product, scratch: scratch))
      } else {
        team.run(product)
      }
    }
  }

  /// dW = xᵀ · dz and db = Σ over rows of dz, or += with `accumulate`.
  ///
  /// - Parameter scratch: As many floats as
  ///   ``scratchCount(rows:inputSize:outputSize:pass:threadCount:)`` says.
  package static func backwardWeights(
    rows: Int, inputSize: Int, outputSize: Int, x: UnsafePointer<Float>,
    dz: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>?, accumulate: Bool, scratch: UnsafeMutablePointer<Float>,
    team: WorkerTeam
  ) {
    let shape = TileReduction.Shape(rows: rows, places: inputSize, columns: outputSize)
    let sparse = SparseReduction(
      shape: shape, x: x, dz: dz, dWeights: dWeights, dBias: dBias, accumulate: accumulate,
      scratch: scratch)
    if sparse.run(team: team) { return }
    let sums = GradientSums(
      parts: shape.parts.count, weightCount: inputSize * outputSize, biasCount: outputSize,
      dWeights: dWeights, dBias: dBias, accumulate: accumulate,
      partials: scratch + team.threadCount * TileReduction.workerScratch)
    withUnsafePointer(to: nk_run(offset: 0, length: inputSize)) { run in
      team.run(
        TileReduction(
          shape: shape, a: x, aRows: .rows(step: inputSize), runs: run, runCount: 1, dz: dz,
          rowStep: outputSize, firstColumn: 0, sums: sums, scratch: scratch))
    }
    sums.combine(team: team)
  }

  /// The floats of scratch memory of a pass; enough for fewer rows, too.
  package static func scratchCount(
    rows: Int, inputSize: Int, outputSize: Int, pass: ConvolutionPass, threadCount: Int
  ) -> Int {
    switch pass {
    case .forward:
      return productScratchCount(
        depth: inputSize, columns: outputSize, threadCount: threadCount)
    case .backwardData:
      return productScratchCount(
        depth: outputSize, columns: inputSize, threadCount: threadCount)
    case .backwardWeights:
      let shape = TileReduction.Shape(rows: rows, places: inputSize, columns: outputSize)
      let tiles =
        threadCount * TileReduction.workerScratch
        + GradientSums.scratchCount(
          parts: shape.parts.count, weightCount: inputSize * outputSize, biasCount: outputSize)
      return max(tiles, SparseReduction.scratchCount(shape, threadCount: threadCount))
    }
  }

  private static func productScratchCount(depth: Int, columns: Int, threadCount: Int) -> Int {
    SparseProduct.mayPay(depth: depth, columns: columns)
      ? SparseProduct.scratchCount(depth: depth, threadCount: threadCount) : 0
  }
}
