import Kernels
import Tensors

/// The product of rows with a matrix: `[…, k] · [k, n] → […, n]`.
package struct MatrixProductOperation: Operation {
  package static let kind = "matmul"
  package static let inputCounts = 2...2
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

  package var kernel: any PlannedKernel { MatrixProductKernel() }
}

/// Computes the product of rows with a matrix, with what a plan joins with it: a bias `[n]` and an
/// activation; in inference also a factor of the rows.
struct MatrixProductKernel: FusibleKernel {
  private var epilogue = Epilogue.none
  /// What the rows are multiplied by first: a factor of the packed matrix.
  private var inputScale: Float = 1

  var kind: String { MatrixProductOperation.kind }

  func addingBias() -> (any FusibleKernel)? { with(epilogue.addingBias()) }

  func applying(_ function: ElementwiseFunction, parameter: Float) -> (any FusibleKernel)? {
    with(epilogue.applying(function, parameter: parameter))
  }

  private func with(_ epilogue: Epilogue?) -> MatrixProductKernel? {
    guard let epilogue else { return nil }
    var result = self
    result.epilogue = epilogue
    return result
  }

  func scalingInput(scale: Float, offset: Float, isInference: Bool) -> (any FusibleKernel)? {
    // In training the gradient of the matrix needs the scaled rows.
    guard isInference, offset == 0 else { return nil }
    var result = self
    result.inputScale = scale
    return result
  }

  /// The buffers of the kernel.
  private struct Memory {
    var forwardWeights: BufferHandle
    var backwardWeights: BufferHandle?
    var forwardScratch: BufferHandle
    var backwardScratch: BufferHandle
  }

  /// What tells one form of a matrix from another.
  private struct Form: Hashable, Sendable {
    var inputSize: Int
    var outputSize: Int
    var pass: ConvolutionPass
    var scale: Float = 1
  }

  func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let matrix = site.inputTypes[1].fixedShape
    let (inputSize, outputSize) = (matrix[0], matrix[1])
    let product = DenseForward(inputSize: inputSize, outputSize: outputSize)
    let memory = memory(site, product, inputSize, outputSize, &buffers)
    var instructions = KernelInstructions(
      forward: { forward(site, product, memory, $0) },
      backward: { backward(site, inputSize, outputSize, memory, $0) })
    instructions.inputsForBackward = [0, 1]
    instructions.outputForBackward = epilogue.hasActivation
    instructions.accumulatingInputs = [0]
    return instructions
  }

  private func memory(
    _ site: KernelSite, _ product: DenseForward, _ inputSize: Int, _ outputSize: Int,
    _ buffers: inout KernelBuffers
  ) -> Memory {
    let rows = site.inputTypes[0].rowCount(batch: site.maximumBatch)
    let inputScale = inputScale
    let forwardWeights = buffers.packed(
      [1],
      as: PackedForm(
        Form(inputSize: inputSize, outputSize: outputSize, pass: .forward, scale: inputScale)),
      floats: [product.preparedCount], for: .forward
    ) { bindings, targets, _ in
      { context in
        let packed = context.floats(targets[0])
        product.prepare(context.floats(bindings.inputs[1]), into: packed, team: context.team)
        guard inputScale != 1 else { return }
        Elementwise.affine(
          count: product.preparedCount, x: packed, scale: inputScale, offset: 0, y: packed,
          team: context.team)
      }
    }[0]
    var backwardWeights: BufferHandle?
    if site.wantsGradient[0] {
      backwardWeights =
        buffers.packed(
          [1],
          as: PackedForm(Form(inputSize: inputSize, outputSize: outputSize, pass: .backwardData)),
          floats: [
            Dense.preparedCount(inputSize: inputSize, outputSize: outputSize, pass: .backwardData)
          ], for: .backward
        ) { bindings, targets, _ in
          { context in
            Dense.prepare(
              inputSize: inputSize, outputSize: outputSize, pass: .backwardData,
              weights: context.floats(bindings.inputs[1]), into: context.floats(targets[0]),
              team: context.team)
          }
        }[0]
    }
    func scratchCount(_ pass: ConvolutionPass) -> Int {
      Dense.scratchCount(
        rows: rows, inputSize: inputSize, outputSize: outputSize, pass: pass,
        threadCount: site.threadCount)
    }
    return Memory(
      forwardWeights: forwardWeights, backwardWeights: backwardWeights,
      forwardScratch: buffers.scratch(
        floats: product.scratchCount(maximumRows: rows, threadCount: site.threadCount), .forward),
      backwardScratch: buffers.scratch(
        floats: max(
          scratchCount(.backwardWeights), scratchCount(.backwardData),
          epilogue.hasBias ? Reductions.sumRowsScratchCount(rows: rows, columns: outputSize) : 0),
        .backward))
  }

  private func forward(
    _ site: KernelSite, _ product: DenseForward, _ memory: Memory, _ bindings: KernelBindings
  ) -> Instruction {
    let (epilogue, bias) = (epilogue, epilogue.hasBias ? bindings.inputs[2] : nil)
    let (packed, scratch) = (bindings[memory.forwardWeights], bindings[memory.forwardScratch])
    return { context in
      product.run(
        rows: site.inputTypes[0].rowCount(batch: context.batch),
        x: context.floats(bindings.inputs[0]), prepared: context.floats(packed),
        bias: context.floats(bias), function: epilogue.function, parameter: epilogue.parameter,
        y: context.floats(bindings.output), scratch: context.floats(scratch), team: context.team)
    }
  }

  private func backward(
    _ site: KernelSite, _ inputSize: Int, _ outputSize: Int, _ memory: Memory,
    _ bindings: BackwardBindings
  ) -> Instruction {
    let epilogue = epilogue
    let (data, weights) = (bindings.inputGradients[0], bindings.inputGradients[1])
    let bias = epilogue.hasBias ? bindings.inputGradients[2] : nil
    let (packed, scratch) = (bindings[memory.backwardWeights], bindings[memory.backwardScratch])
    return { context in
      let rows = site.inputTypes[0].rowCount(batch: context.batch)
      let dz = context.floats(bindings.outputGradient)
      let scratch = context.floats(scratch)
      epilogue.backward(
        count: rows * outputSize, y: bindings.forward.output, dy: dz, context: context)
      if let weights {
        Dense.backwardWeights(
          rows: rows, inputSize: inputSize, outputSize: outputSize,
          x: context.floats(bindings.inputs[0]), dz: dz, dWeights: context.floats(weights.place),
          dBias: context.floats(bias?.place), accumulate: false, scratch: scratch,
          team: context.team)
      } else if let bias {
        Reductions.sumRows(
          rows: rows, columns: outputSize, x: dz, into: context.floats(bias.place),
          accumulate: false, scratch: scratch, team: context.team)
      }
      if let data, let packed {
        Dense.backwardData(
          rows: rows, inputSize: inputSize, outputSize: outputSize, dz: dz,
          prepared: context.floats(packed), dx: context.floats(data.place),
          accumulate: data.accumulates, scratch: scratch, team: context.team)
      }
    }
  }
}
