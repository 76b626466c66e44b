import Kernels
import Tensors
package import Threads

/// A step of a graph: its shape rule, and how its forward and backward kernels are called.
///
/// One operation is one file in `Operations`, with one line in `OperationRegistry` if it can occur
/// in a model file. Nothing else knows the set of operations.
package protocol Operation: Sendable {
  /// The operation's name in model files and tables.
  static var kind: String { get }

  /// How many inputs the operation takes.
  static var inputCounts: ClosedRange<Int> { get }

  /// The inputs that training writes to, which therefore must be variables.
  static var updatedInputs: [Int] { get }

  /// What a model file must hold to make the operation again; not its inputs.
  var attributes: Attributes { get }

  /// Makes the operation from what a model file holds.
  init(attributes: AttributeReader) throws

  /// The type of the result.
  ///
  /// - Throws: `ShapeRuleViolation` that says what was expected and what to do.
  func outputType(of inputs: [NodeType]) throws -> NodeType

  /// Floating-point operations of the forward pass with `batch` examples; a multiplication and an
  /// addition count as two.
  func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int

  /// What the operation keeps and uses besides its inputs and its output.
  func requirements(for site: OperationSite) -> Requirements

  /// Brings weights into the form that the forward pass works on, where
  /// ``Requirements/prepared`` asks for it: runs before the forward pass, once for all passes with
  /// the same weights.
  func prepare(_ site: OperationSite) -> Instruction

  /// The forward pass.
  func forward(_ site: OperationSite) -> Instruction

  /// The backward pass: writes, or adds to, the wanted gradients of the inputs.
  func backward(_ site: BackwardSite) -> Instruction

  /// How a convolution is computed; nil for other operations.
  ///
  /// - Parameters:
  ///   - inputs: The types of the inputs.
  ///   - named: The algorithm that was asked for; nil leaves it to the rule.
  func algorithm(inputs: [NodeType], named: ConvolutionAlgorithm?) -> ConvolutionAlgorithm?

  /// Whether the result is the first input under another shape, so that it takes no memory and no
  /// time.
  func isView(training: Bool) -> Bool

  /// This operation and `next`, its only consumer, as one; nil if that is not possible.
  ///
  /// - Parameters:
  ///   - next: The operation that takes this one's result.
  ///   - slot: Which input of `next` this one's result is.
  ///   - operands: The types of all inputs of `next`.
  ///   - output: The type of this operation's result.
  ///   - isInference: Whether nothing goes backward and no statistics are taken.
  /// - Returns: the fused operation, whose inputs are this one's, then the other inputs of `next`.
  func fused(
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType, isInference: Bool
  ) -> (any Operation)?

  /// This operation with its first input scaled before, or nil if that is not possible.
  ///
  /// - Parameters:
  ///   - scale: What takes what the network is fed, and so needs no gradient of it; this operation is
  ///     its only consumer.
  ///   - isInference: Whether nothing goes backward.
  func scalingInput(by scale: ScaleOperation, isInference: Bool) -> (any Operation)?
}

extension Operation {
  package static var inputCounts: ClosedRange<Int> { 1...1 }

  package static var updatedInputs: [Int] { [] }

  package func algorithm(
    inputs: [NodeType], named: ConvolutionAlgorithm?
  ) -> ConvolutionAlgorithm? { nil }

  package func isView(training: Bool) -> Bool { false }

  package func prepare(_ site: OperationSite) -> Instruction { { _ in } }

  package func fused(
    with next: any Operation, slot: Int, operands: [NodeType], output: NodeType, isInference: Bool
  ) -> (any Operation)? { nil }

  package func scalingInput(
    by scale: ScaleOperation, isInference: Bool
  ) -> (any Operation)? { nil }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    output.count(batch: batch)
  }

  /// The operation's name in model files and tables.
  package var kind: String { Self.kind }
}

/// One step of a compiled plan.
///
/// Runs to its end, allocates nothing and cannot fail.
package typealias Instruction = @Sendable (ExecutionContext) -> Void

/// What an operation keeps and uses besides its inputs and its output.
package struct Requirements: Sendable {
  /// The inputs whose values the backward pass reads.
  package var inputsForBackward: [Int] = []
  /// Whether the backward pass reads the output's value.
  package var outputForBackward = false
  /// Sizes in bytes of buffers that the forward pass fills for the backward pass, at the planned
  /// maximum of examples.
  package var kept: [Int] = []
  /// Floats of weights in the form that the forward pass works on; their number may not depend on
  /// the batch.
  package var prepared = 0
  /// Floats of scratch memory of the preparation.
  package var preparationScratch = 0
  /// Floats of scratch memory of the forward pass.
  package var forwardScratch = 0
  /// Floats of scratch memory of the backward pass.
  package var backwardScratch = 0
  /// Floats of the moments of the output that the forward pass can take while it writes it: the mean
  /// of each channel and its squared deviations; 0 where it cannot.
  package var outputMoments = 0
  /// Whether the forward pass reads the moments of the first input, where there are some.
  package var readsMoments = false
  /// The inputs to whose gradient the backward pass can add; the gradients of the others are
  /// written to a buffer of their own and added by a step of its own.
  package var accumulatingInputs: Set<Int> = []
  /// The inputs whose gradient is what the backward pass leaves in the output's gradient.
  ///
  /// Where theirs is the same place, nothing is to be done for it.
  package var inputsTakingGradient: Set<Int> = []
  /// The inputs whose gradient may be written in the place of their value, which the backward pass
  /// reads no later.
  package var inputsReplacedByGradient: Set<Int> = []
  /// The inputs to which no gradient goes: the targets of a loss, running statistics.
  package var inputsWithoutGradient: Set<Int> = []

  package init() {}
}

/// Where an operation's forward pass finds things.
package struct OperationSite: Sendable {
  package var inputs: [Place]
  package var inputTypes: [NodeType]
  package var output: Place
  package var outputType: NodeType
  /// The buffers that `Requirements.kept` asked for.
  ///
  /// Empty when nothing goes backward.
  package var kept: [Place]
  package var scratch: Place
  /// The weights as `Requirements.prepared` asked for them.
  package var prepared: Place
  /// Where the moments of the first input are, if what made it left them.
  package var inputMoments: Place?
  /// Where to leave the moments of the output; nil where nobody reads them.
  package var outputMoments: Place?
  /// Memory while weights are prepared.
  package var preparationScratch: Place
  package var maximumBatch: Int
  package var threadCount: Int
  package var isTraining: Bool
  /// How to compute convolutions, where this can; nil leaves it to the rule.
  package var convolution: ConvolutionAlgorithm?
  /// A number of its own for each operation of a graph, for random streams.
  package var operationIndex: Int

  /// Whether what the backward pass needs must be kept.
  package var keepsForBackward: Bool { !kept.isEmpty }
}

/// Where an operation's backward pass finds things.
package struct BackwardSite: Sendable {
  package var forward: OperationSite
  /// The gradient of the output.
  ///
  /// The operation may overwrite it: nobody reads it afterwards.
  package var outputGradient: Place
  /// Where the gradient of each input goes; nil where it is not wanted.
  package var inputGradients: [GradientTarget?]
  package var scratch: Place
}

/// Where a gradient goes.
package struct GradientTarget: Sendable {
  package var place: Place
  /// Whether to add to what is there.
  package var accumulates: Bool
}
