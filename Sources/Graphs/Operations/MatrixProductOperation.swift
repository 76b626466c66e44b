import Kernels
import Tensors

/// The product of rows with a matrix: `[…, k] · [k, n] → […, n]`; after fusion with a bias `[n]` and
/// an activation.
package struct MatrixProductOperation: Operation {
  package static let kind = "matmul"
  package static let inputCounts = 2...2
  private var epilogue = Epilogue.none
  /// What the rows are multiplied by first: a factor of the prepared matrix.
  private var inputScale: Float = 1

  init() {}

  package var attributes: Attributes { [:] }

  package init(attributes: AttributeReader) throws {}

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let (rows, matrix) = (inputs[0], inputs[1])
    guard rows.elementType == .float32, matrix.elementType == .float32 else {
      throw ShapeRuleViolation("expects numbers; it was given \(rows) and \(matrix).")
    }
    guard rows.rank >= 2, matrix.rank == 2, !matrix.isBatched else {
      throw ShapeRuleViolation(
        "expects rows of shape […, k] and a matrix of shape [k, n]; it was given \(rows) and "
          + "\(matrix).")
    }
    guard rows.dimensions.last == matrix.dimensions.first else {
      throw ShapeRuleViolation(
        "expects rows as long as the matrix is high: […, k] and [k, n]; it was given \(rows) and "
          + "\(matrix).")
    }
    return NodeType(rows.dimensions.dropLast() + [matrix.dimensions[1]])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    2 * output.count(batch: batch) * inputs[1].fixedShape[0]
  }

  package func fused(
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType, isInference: Bool
  ) -> (any Operation)? {
    guard
      let epilogue = epilogue.extended(by: next, slot: slot, operands: operands, output: output)
    else { return nil }
    var result = self
    result.epilogue = epilogue
    return result
  }

  package func scalingInput(
    by scale: ScaleOperation, isInference: Bool
  ) -> (any Operation)? {
    // In training the gradient of the matrix needs the scaled rows.
    guard isInference, let (scale, offset) = scale.single, offset == 0 else { return nil }
    var result = self
    result.inputScale = scale
    return result
  }

  package func requirements(for site: OperationSite) -> Requirements {
    let rows = site.inputTypes[0].rowCount(batch: site.maximumBatch)
    let (inputSize, outputSize) = sizes(site)
    var requirements = Requirements()
    requirements.inputsForBackward = [0, 1]
    requirements.outputForBackward = epilogue.hasActivation
    requirements.accumulatingInputs = [0]
    let product = DenseForward(inputSize: inputSize, outputSize: outputSize)
    requirements.prepared = product.preparedCount
    requirements.forwardScratch = product.scratchCount(
      maximumRows: rows, threadCount: site.threadCount)
    func scratchCount(_ pass: ConvolutionPass) -> Int {
      Dense.scratchCount(
        rows: rows, inputSize: inputSize, outputSize: outputSize, pass: pass,
        threadCount: site.threadCount)
    }
    requirements.backwardScratch =
      preparedForData(inputSize, outputSize)
      + max(
        scratchCount(.backwardWeights), scratchCount(.backwardData),
        epilogue.hasBias ? Reductions.sumRowsScratchCount(rows: rows, columns: outputSize) : 0)
    return requirements
  }

  /// Floats at the start of the backward scratch that hold the weights for the gradient of the rows.
  private func preparedForData(_ inputSize: Int, _ outputSize: Int) -> Int {
    let count = Dense.preparedCount(
      inputSize: inputSize, outputSize: outputSize, pass: .backwardData)
    return (count + 15) / 16 * 16
  }

  package func prepare(_ site: OperationSite) -> Instruction {
    let (inputSize, outputSize) = sizes(site)
    let (product, inputScale) = (
      DenseForward(inputSize: inputSize, outputSize: outputSize), inputScale
    )
    return { context in
      let prepared = context.floats(site.prepared)
      product.prepare(context.floats(site.inputs[1]), into: prepared, team: context.team)
      guard inputScale != 1 else { return }
      Elementwise.affine(
        count: product.preparedCount, x: prepared, scale: inputScale, offset: 0, y: prepared,
        team: context.team)
    }
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (epilogue, bias) = (epilogue, epilogue.hasBias ? site.inputs[2] : nil)
    let (inputSize, outputSize) = sizes(site)
    let product = DenseForward(inputSize: inputSize, outputSize: outputSize)
    return { context in
      product.run(
        rows: site.inputTypes[0].rowCount(batch: context.batch),
        x: context.floats(site.inputs[0]), prepared: context.floats(site.prepared),
        bias: context.floats(bias), function: epilogue.function, parameter: epilogue.parameter,
        y: context.floats(site.output), scratch: context.floats(site.scratch), team: context.team)
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let epilogue = epilogue
    let (data, weights) = (site.inputGradients[0], site.inputGradients[1])
    let bias = epilogue.hasBias ? site.inputGradients[2] : nil
    let (inputSize, outputSize) = sizes(site.forward)
    let preparedCount = preparedForData(inputSize, outputSize)
    return { context in
      let rows = site.forward.inputTypes[0].rowCount(batch: context.batch)
      let dz = context.floats(site.outputGradient)
      let prepared = context.floats(site.scratch)
      let scratch = prepared + preparedCount
      epilogue.backward(
        count: rows * outputSize, y: site.forward.output, dy: dz, context: context)
      if let weights {
        Dense.backwardWeights(
          rows: rows, inputSize: inputSize, outputSize: outputSize,
          x: context.floats(site.forward.inputs[0]), dz: dz,
          dWeights: context.floats(weights.place), dBias: context.floats(bias?.place),
          accumulate: false, scratch: scratch, team: context.team)
      } else if let bias {
        Reductions.sumRows(
          rows: rows, columns: outputSize, x: dz, into: context.floats(bias.place),
          accumulate: false, scratch: scratch, team: context.team)
      }
      if let data {
        Dense.prepare(
          inputSize: inputSize, outputSize: outputSize, pass: .backwardData,
          weights: context.floats(site.forward.inputs[1]), into: prepared, team: context.team)
        Dense.backwardData(
          rows: rows, inputSize: inputSize, outputSize: outputSize, dz: dz, prepared: prepared,
          dx: context.floats(data.place), accumulate: data.accumulates, scratch: scratch,
          team: context.team)
      }
    }
  }

  private func sizes(_ site: OperationSite) -> (input: Int, output: Int) {
    let matrix = site.inputTypes[1].fixedShape
    return (matrix[0], matrix[1])
  }
}
