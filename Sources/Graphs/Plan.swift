import Kernels
import Tensors
package import Threads

/// A graph ready to run: fused operations in order, each with the places of its operands.
package final class Plan: Sendable {
  /// What a plan is made for.
  package struct Request: Sendable {
    /// Nodes whose values the caller reads after a run.
    package var outputs: [Int]
    /// The scalar whose gradient is wanted.
    package var loss: Int?
    /// The variables, by index, whose gradients are wanted.
    package var trainedVariables: Set<Int>
    /// The most examples that run at once.
    package var maximumBatch: Int
    /// How many threads run kernels: decides how much scratch memory there is, never a result.
    package var threadCount: Int
    /// Whether layers that behave differently in training do so.
    package var isTraining: Bool
    /// Whether the caller keeps prepared weights from run to run (see ``Plan/prepare(_:)``); else
    /// every run prepares them again.
    package var keepsPreparedWeights: Bool
    /// How to compute convolutions, where this can; nil leaves it to the rule.
    package var convolution: ConvolutionAlgorithm?
    /// Which operations may be computed as one.
    package var rewrites: Set<Rewrite>

    package init(
      outputs: [Int], loss: Int? = nil, trainedVariables: Set<Int> = [], maximumBatch: Int,
      threadCount: Int, isTraining: Bool = false, keepsPreparedWeights: Bool = false,
      convolution: ConvolutionAlgorithm? = nil, rewrites: Set<Rewrite> = Set(Rewrite.allCases)
    ) {
      self.outputs = outputs
      self.loss = loss
      self.trainedVariables = trainedVariables
      self.maximumBatch = maximumBatch
      self.threadCount = threadCount
      self.isTraining = isTraining
      self.keepsPreparedWeights = keepsPreparedWeights
      self.convolution = convolution
      self.rewrites = rewrites
    }
  }

  /// One instruction, and what it is for tables of times.
  package struct Step: Sendable {
    package enum Phase: String, Sendable {
      case forward
      case backward
    }

    package let run: Instruction
    package let kind: String
    package let label: LayerLabel?
    package let phase: Phase
  }

  /// The forward steps, then the backward steps.
  package let steps: [Step]
  /// Fill the prepared weights that are kept from run to run.
  private let preparations: [Instruction]
  /// Bytes of the prepared weights that the caller keeps; the same for plans of the same graph.
  package let preparedByteCount: Int
  /// How many of the steps are forward.
  package let forwardStepCount: Int
  /// Where each requested output lies after a run.
  package let outputs: [Place]
  /// The types of the outputs.
  package let outputTypes: [NodeType]
  /// Bytes of a context's memory.
  package let arenaByteCount: Int
  /// How many inputs the graph has; those that the plan needs must be fed.
  package let inputCount: Int
  /// Whether the plan reads each input.
  package let usesInput: [Bool]
  package let maximumBatch: Int
  /// How many threads call OpenBLAS at once; 0 where the kernels are all our own.
  private let blasThreadCount: Int

  init(
    steps: [Step], forwardStepCount: Int, preparations: [Instruction], preparedByteCount: Int,
    outputs: [Place], outputTypes: [NodeType], arenaByteCount: Int, inputCount: Int,
    usesInput: [Bool], maximumBatch: Int, blasThreadCount: Int
  ) {
    self.steps = steps
    self.preparations = preparations
    self.preparedByteCount = preparedByteCount
    self.forwardStepCount = forwardStepCount
    self.outputs = outputs
    self.outputTypes = outputTypes
    self.arenaByteCount = arenaByteCount
    self.inputCount = inputCount
    self.usesInput = usesInput
    self.maximumBatch = maximumBatch
    self.blasThreadCount = blasThreadCount
  }

  /// New memory for runs of this plan, which then cannot fail.
  ///
  /// - Throws: `MemoryError` if it is not there; `BLASError` if the plan needs OpenBLAS and that cannot be
  ///   used.
  package func makeContext(team: WorkerTeam) throws -> ExecutionContext {
    try requireLibraries()
    return try ExecutionContext(
      arenaByteCount: arenaByteCount, inputCount: inputCount, team: team,
      purpose: "activations of up to \(maximumBatch) example\(maximumBatch == 1 ? "" : "s")")
  }

  /// Loads OpenBLAS and takes the memory of its calls, if the plan needs it.
  ///
  /// - Throws: `BLASError` if it cannot be used.
  package func requireLibraries() throws {
    if blasThreadCount > 0 { try BLASLibrary.require(threadCount: blasThreadCount) }
  }

  /// Makes the prepared weights of a context's variables: before the first run with them, and again
  /// when they have changed.
  package func prepare(_ context: ExecutionContext) {
    for instruction in preparations { instruction(context) }
  }

  /// Runs the plan on a context whose inputs, variables and batch are set.
  ///
  /// Allocates nothing. Denormal numbers count as zero meanwhile; the caller's mode is restored.
  package func run(_ context: ExecutionContext) {
    precondition(context.batch >= 0 && context.batch <= maximumBatch)
    let mode = FloatMode.flushDenormals()
    for index in steps.indices { steps[index].run(context) }
    mode.restore()
  }
}
