import Kernels
import Tensors

/// Batch normalisation over all but the last dimension (Ioffe and Szegedy, ICML 2015); after fusion
/// with an addition and an activation.
///
/// Inputs: values `[…, channels]`, scale, offset, running mean, running variance (`[channels]`
/// each); after fusion what is added to the result. In training the batch's own statistics are used and the running ones updated.
package struct BatchNormalizationOperation: Operation {
  package static let kind = "batch_normalization"
  package static let inputCounts = 5...5
  package static let updatedInputs = [3, 4]
  let momentum: Float
  let epsilon: Float
  private var epilogue = Epilogue.none
  /// Whether the last input is added to the result, before the activation.
  private var hasAddend = false

  init(momentum: Float, epsilon: Float) {
    self.momentum = momentum
    self.epsilon = epsilon
  }

  package var attributes: Attributes { ["momentum": .float(momentum), "epsilon": .float(epsilon)] }

  package init(attributes: AttributeReader) throws {
    momentum = try attributes.float("momentum")
    epsilon = try attributes.float("epsilon")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let values = inputs[0]
    guard values.elementType == .float32, values.rank >= 2,
      let channels = values.dimensions.last?.fixedValue
    else {
      throw ShapeRuleViolation(
        "expects examples with channels, […, channels]; it was given \(values).")
    }
    for parameter in inputs.dropFirst() where parameter != NodeType([.fixed(channels)]) {
      throw ShapeRuleViolation(
        "expects parameters of shape [\(channels)]; it was given \(parameter).")
    }
    guard momentum >= 0, momentum <= 1, epsilon > 0 else {
      throw ShapeRuleViolation(
        "expects a momentum from 0 to 1 and a positive epsilon; it has \(momentum) and \(epsilon).")
    }
    return values
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    2 * output.count(batch: batch)
  }

  package func fused(
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType, isInference: Bool
  ) -> (any Operation)? {
    var result = self
    if !hasAddend, !epilogue.hasActivation, next.isSum(of: operands, like: output) {
      result.hasAddend = true
      return result
    }
    // Its own offset is its bias.
    guard next is UnaryOperation,
      let epilogue = epilogue.extended(by: next, slot: slot, operands: operands, output: output)
    else { return nil }
    result.epilogue = epilogue
    return result
  }

  package func requirements(for site: OperationSite) -> Requirements {
    let channels = channels(site)
    let rows = site.outputType.rowCount(batch: site.maximumBatch)
    var requirements = Requirements()
    requirements.accumulatingInputs = [0, 5]
    requirements.inputsTakingGradient = [5]
    requirements.inputsReplacedByGradient = [0]
    requirements.inputsWithoutGradient = [3, 4]
    requirements.inputsForBackward = site.isTraining ? [0, 1] : [0, 1, 3, 4]
    requirements.outputForBackward = epilogue.hasActivation
    // The batch's mean and inverse deviation.
    requirements.kept = site.isTraining ? [channels * 4, channels * 4] : []
    requirements.readsMoments = site.isTraining
    // Where nothing goes backward, the statistics still need a place.
    requirements.forwardScratch =
      BatchNormalization.forwardScratchCount(
        rows: rows, channels: channels, isTraining: site.isTraining)
      + (site.isTraining ? 2 * (channels + 16) : 0)
    requirements.backwardScratch =
      BatchNormalization.backwardScratchCount(channels: channels) + 2 * (channels + 16)
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let channels = channels(site)
    let (momentum, epsilon, epilogue) = (momentum, epsilon, epilogue)
    let stride = (channels + 15) / 16 * 16
    let mean = site.kept.first ?? site.scratch
    let deviation = site.kept.last ?? site.scratch.advanced(byFloats: stride)
    let keepsNone = site.isTraining && site.kept.isEmpty
    let scratch = keepsNone ? site.scratch.advanced(byFloats: 2 * stride) : site.scratch
    let addend = hasAddend ? site.inputs[5] : nil
    return { context in
      let rows = site.outputType.rowCount(batch: context.batch)
      if site.isTraining {
        let wholeRows = site.outputType.rowCount(batch: max(context.batch, context.wholeBatch))
        BatchNormalization.forwardTraining(
          rows: rows, channels: channels, x: context.floats(site.inputs[0]),
          moments: context.floats(site.inputMoments).map {
            ChannelMoments(channels: channels, memory: $0)
          },
          gamma: context.floats(site.inputs[1]), beta: context.floats(site.inputs[2]),
          epsilon: epsilon,
          momentum: Self.momentum(momentum, rows: rows, wholeRows: wholeRows),
          runningMean: context.floats(site.inputs[3]),
          runningVariance: context.floats(site.inputs[4]), savedMean: context.floats(mean),
          savedInverseDeviation: context.floats(deviation), addend: context.floats(addend),
          function: epilogue.function,
          parameter: epilogue.parameter, y: context.floats(site.output),
          scratch: context.floats(scratch), team: context.team)
      } else {
        BatchNormalization.forwardInference(
          rows: rows, channels: channels, x: context.floats(site.inputs[0]),
          gamma: context.floats(site.inputs[1]), beta: context.floats(site.inputs[2]),
          epsilon: epsilon, runningMean: context.floats(site.inputs[3]),
          runningVariance: context.floats(site.inputs[4]), addend: context.floats(addend),
          function: epilogue.function,
          parameter: epilogue.parameter, y: context.floats(site.output),
          scratch: context.floats(scratch), team: context.team)
      }
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let channels = channels(site.forward)
    let (epsilon, epilogue) = (epsilon, epilogue)
    let stride = (channels + 15) / 16 * 16
    let (data, gamma, beta) = (
      site.inputGradients[0], site.inputGradients[1], site.inputGradients[2]
    )
    let inputs = site.forward.inputs
    // Gradients that nobody wants go to scratch memory.
    let dGamma = gamma?.place ?? site.scratch
    let dBeta = beta?.place ?? site.scratch.advanced(byFloats: stride)
    let scratch = site.scratch.advanced(byFloats: 2 * stride)
    var addend = hasAddend ? site.inputGradients[5] : nil
    if addend?.place == site.outputGradient { addend = nil }
    return { [addend] context in
      let rows = site.forward.outputType.rowCount(batch: context.batch)
      let dz = context.floats(site.outputGradient)
      let isRelu = epilogue.function == .relu
      if !isRelu {
        epilogue.backward(
          count: rows * channels, y: site.forward.output, dy: dz, context: context)
      }
      let result = BatchNormalization.ResultGradient(
        dz, relu: isRelu ? context.floats(site.forward.output) : nil,
        addendGradient: context.floats(addend?.place), addsToAddend: addend?.accumulates ?? false)
      if site.forward.isTraining {
        BatchNormalization.backwardTraining(
          rows: rows, channels: channels, x: context.floats(inputs[0]),
          gamma: context.floats(inputs[1]), savedMean: context.floats(site.forward.kept[0]),
          savedInverseDeviation: context.floats(site.forward.kept[1]), result: result,
          dx: context.floats(data?.place), accumulate: data?.accumulates ?? false,
          dGamma: context.floats(dGamma), dBeta: context.floats(dBeta),
          scratch: context.floats(scratch), team: context.team)
      } else {
        BatchNormalization.backwardInference(
          rows: rows, channels: channels, x: context.floats(inputs[0]),
          gamma: context.floats(inputs[1]), epsilon: epsilon,
          runningMean: context.floats(inputs[3]), runningVariance: context.floats(inputs[4]),
          result: result, dx: context.floats(data?.place),
          accumulate: data?.accumulates ?? false, dGamma: context.floats(dGamma),
          dBeta: context.floats(dBeta), scratch: context.floats(scratch), team: context.team)
      }
    }
  }

  /// The share of the running statistics that a batch leaves.
  ///
  /// A batch that is smaller than a whole one has a say by its share of the whole one's rows: the last of
  /// an epoch, often of a few examples, would else count as much. Of a single row there is no variance,
  /// and it has no say.
  static func momentum(_ momentum: Float, rows: Int, wholeRows: Int) -> Float {
    guard rows > 1 else { return 1 }
    return rows == wholeRows ? momentum : 1 - (1 - momentum) * (Float(rows) / Float(wholeRows))
  }

  /// How many values of a channel an example has; nil where the values are not those of a batch.
  package static func valuesPerExample(of values: NodeType) -> Int? {
    values.isBatched ? values.rowCount(batch: 1) : nil
  }

  private func channels(_ site: OperationSite) -> Int { site.inputTypes[1].fixedShape[0] }
}
