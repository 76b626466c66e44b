import Kernels
import Tensors

/// Computes a batch normalisation, with what a plan joins with it: a value that is added to the result, the
/// last input, and an activation.
struct BatchNormalizationKernel: FusibleKernel {
  private let normalization: BatchNormalizationOperation
  private var epilogue = Epilogue.none
  /// Whether the last input is added to the result, before the activation.
  private var hasAddend = false

  init(_ normalization: BatchNormalizationOperation) {
    self.normalization = normalization
  }

  var kind: String { BatchNormalizationOperation.kind }

  // Its own offset is its bias: it takes in no other.

  func applying(_ function: ElementwiseFunction, parameter: Float) -> (any FusibleKernel)? {
    guard let epilogue = epilogue.applying(function, parameter: parameter) else { return nil }
    var result = self
    result.epilogue = epilogue
    return result
  }

  func addingValue(isInference: Bool) -> (any FusibleKernel)? {
    guard !hasAddend, !epilogue.hasActivation else { return nil }
    var result = self
    result.hasAddend = true
    return result
  }

  /// The buffers of the kernel.
  private struct Memory {
    /// The batch's mean and inverse deviation of each channel; nil where the running ones are used.
    var mean: BufferHandle?
    var inverseDeviation: BufferHandle?
    var forwardScratch: BufferHandle
    var backwardScratch: BufferHandle
    /// Where gradients go that nobody wants.
    var unwanted: [BufferHandle]
  }

  func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let channels = site.inputTypes[1].fixedShape[0]
    let rows = site.outputType.rowCount(batch: site.maximumBatch)
    let memory = Memory(
      mean: site.isTraining ? buffers.saved(floats: channels) : nil,
      inverseDeviation: site.isTraining ? buffers.saved(floats: channels) : nil,
      forwardScratch: buffers.scratch(
        floats: BatchNormalization.forwardScratchCount(
          rows: rows, channels: channels, isTraining: site.isTraining), .forward),
      backwardScratch: buffers.scratch(
        floats: BatchNormalization.backwardScratchCount(channels: channels), .backward),
      unwanted: (0..<2).map { _ in buffers.scratch(floats: channels, .backward) })
    var instructions = KernelInstructions(
      forward: { forward(site, channels, memory, $0) },
      backward: { backward(site, channels, memory, $0) })
    instructions.accumulatingInputs = [0, 5]
    instructions.inputsTakingGradient = [5]
    instructions.inputsReplacedByGradient = [0]
    instructions.inputsWithoutGradient = [3, 4]
    instructions.inputsForBackward = site.isTraining ? [0, 1] : [0, 1, 3, 4]
    instructions.outputForBackward = epilogue.hasActivation
    instructions.readsMoments = site.isTraining
    return instructions
  }

  private func forward(
    _ site: KernelSite, _ channels: Int, _ memory: Memory, _ bindings: KernelBindings
  ) -> Instruction {
    let (normalization, epilogue) = (normalization, epilogue)
    let inputs = bindings.inputs
    let (mean, deviation) = (bindings[memory.mean], bindings[memory.inverseDeviation])
    let scratch = bindings[memory.forwardScratch]
    let addend = hasAddend ? inputs[5] : nil
    guard let mean, let deviation else {
      return { context in
        BatchNormalization.forwardInference(
          rows: site.outputType.rowCount(batch: context.batch), channels: channels,
          x: context.floats(inputs[0]), gamma: context.floats(inputs[1]),
          beta: context.floats(inputs[2]), epsilon: normalization.epsilon,
          runningMean: context.floats(inputs[3]), runningVariance: context.floats(inputs[4]),
          addend: context.floats(addend), function: epilogue.function,
          parameter: epilogue.parameter, y: context.floats(bindings.output),
          scratch: context.floats(scratch), team: context.team)
      }
    }
    return { context in
      let rows = site.outputType.rowCount(batch: context.batch)
      let wholeRows = site.outputType.rowCount(batch: max(context.batch, context.wholeBatch))
      BatchNormalization.forwardTraining(
        rows: rows, channels: channels, x: context.floats(inputs[0]),
        moments: context.floats(bindings.inputMoments).map {
          ChannelMoments(channels: channels, memory: $0)
        },
        gamma: context.floats(inputs[1]), beta: context.floats(inputs[2]),
        epsilon: normalization.epsilon,
        momentum: BatchNormalizationOperation.momentum(
          normalization.momentum, rows: rows, wholeRows: wholeRows),
        runningMean: context.floats(inputs[3]), runningVariance: context.floats(inputs[4]),
        savedMean: context.floats(mean), savedInverseDeviation: context.floats(deviation),
        addend: context.floats(addend), function: epilogue.function,
        parameter: epilogue.parameter, y: context.floats(bindings.output),
        scratch: context.floats(scratch), team: context.team)
    }
  }

  private func backward(
    _ site: KernelSite, _ channels: Int, _ memory: Memory, _ bindings: BackwardBindings
  ) -> Instruction {
    let (epsilon, epilogue) = (normalization.epsilon, epilogue)
    let (inputs, output) = (bindings.inputs, bindings.forward.output)
    let (mean, deviation) = (bindings[memory.mean], bindings[memory.inverseDeviation])
    let data = bindings.inputGradients[0]
    let dGamma = bindings.inputGradients[1]?.place ?? bindings[memory.unwanted[0]]
    let dBeta = bindings.inputGradients[2]?.place ?? bindings[memory.unwanted[1]]
    let scratch = bindings[memory.backwardScratch]
    var addend = hasAddend ? bindings.inputGradients[5] : nil
    if addend?.place == bindings.outputGradient { addend = nil }
    return { [addend] context in
      let rows = site.outputType.rowCount(batch: context.batch)
      let dz = context.floats(bindings.outputGradient)
      let isRelu = epilogue.function == .relu
      if !isRelu {
        epilogue.backward(count: rows * channels, y: output, dy: dz, context: context)
      }
      let result = BatchNormalization.ResultGradient(
        dz, relu: isRelu ? context.floats(output) : nil,
        addendGradient: context.floats(addend?.place), addsToAddend: addend?.accumulates ?? false)
      if let mean, let deviation {
        BatchNormalization.backwardTraining(
          rows: rows, channels: channels, x: context.floats(inputs[0]),
          gamma: context.floats(inputs[1]), savedMean: context.floats(mean),
          savedInverseDeviation: context.floats(deviation), result: result,
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
}
