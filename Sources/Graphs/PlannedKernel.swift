import Kernels
import Tensors
package import Threads

/// What one step of a plan computes: an operation of the graph, or several that a rewrite joined.
package protocol PlannedKernel: Sendable {
  /// The operation's name in tables; of several the first one's.
  var kind: String { get }

  /// Whether the result is the first input under another shape, so that it takes no memory and no
  /// time.
  func isView(training: Bool) -> Bool

  /// Asks for memory and gives the step's instructions, which are bound to places once all memory is
  /// planned.
  func instructions(for site: KernelSite, _ buffers: inout KernelBuffers) -> KernelInstructions
}

extension PlannedKernel {
  package func isView(training: Bool) -> Bool { false }
}

/// One step of a compiled plan.
///
/// Runs to its end, allocates nothing and cannot fail.
package typealias Instruction = @Sendable (ExecutionContext) -> Void

/// What a kernel is planned for.
package struct KernelSite: Sendable {
  package var inputTypes: [NodeType]
  package var outputType: NodeType
  /// Whether the gradient of each input is wanted.
  package var wantsGradient: [Bool]
  /// The most examples of a run.
  package var maximumBatch: Int
  /// How many threads run kernels: decides how much scratch memory there is, never a result.
  package var threadCount: Int
  /// Whether layers that behave differently in training do so.
  package var isTraining: Bool
  /// How to compute convolutions, where this can; nil leaves it to the rule.
  package var convolution: ConvolutionAlgorithm?
  /// A number of its own for each operation of a graph, for random streams.
  package var operationIndex: Int

  /// Whether the backward pass runs.
  package var isDifferentiated: Bool { wantsGradient.contains(true) }
}

/// The passes of a kernel, to be bound to places, and what its backward pass reads and gives.
package struct KernelInstructions: Sendable {
  /// Makes the forward pass.
  package var forward: @Sendable (KernelBindings) -> Instruction
  /// Makes the backward pass, which writes, or adds to, the wanted gradients of the inputs.
  package var backward: @Sendable (BackwardBindings) -> Instruction

  /// The inputs whose values the backward pass reads.
  package var inputsForBackward: [Int] = []
  /// Whether the backward pass reads the output's value.
  package var outputForBackward = false
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
  /// Floats of the moments of the output that the forward pass can take while it writes it: the mean
  /// of each channel and its squared deviations; 0 where it cannot.
  package var outputMoments = 0
  /// Whether the forward pass reads the moments of the first input, where there are some.
  package var readsMoments = false

  package init(
    forward: @escaping @Sendable (KernelBindings) -> Instruction,
    backward: @escaping @Sendable (BackwardBindings) -> Instruction
  ) {
    self.forward = forward
    self.backward = backward
  }

  /// Instructions of a step that does nothing: a source, or a view.
  package static let none = KernelInstructions(
    forward: { _ in { _ in } }, backward: { _ in { _ in } })
}

/// Where a kernel's forward pass finds things.
package struct KernelBindings: Sendable {
  package var inputs: [Place]
  package var output: Place
  /// Where the moments of the first input are, if what made it left them.
  package var inputMoments: Place?
  /// Where to leave the moments of the output; nil where nobody reads them.
  package var outputMoments: Place?
  /// The places of what `KernelBuffers` was asked for, by handle.
  var buffers: [Place]

  /// The place of a buffer.
  package subscript(handle: BufferHandle) -> Place { buffers[handle.index] }

  /// The place of a buffer, if one was asked for.
  package subscript(handle: BufferHandle?) -> Place? { handle.map { self[$0] } }
}

/// Where a kernel's backward pass finds things.
package struct BackwardBindings: Sendable {
  package var forward: KernelBindings
  /// The gradient of the output.
  ///
  /// The kernel may overwrite it: nobody reads it afterwards.
  package var outputGradient: Place
  /// Where the gradient of each input goes; nil where it is not wanted.
  package var inputGradients: [GradientTarget?]

  /// The inputs' values.
  package var inputs: [Place] { forward.inputs }

  /// The place of a buffer.
  package subscript(handle: BufferHandle) -> Place { forward[handle] }

  /// The place of a buffer, if one was asked for.
  package subscript(handle: BufferHandle?) -> Place? { forward[handle] }
}

/// Where a gradient goes.
package struct GradientTarget: Sendable {
  package var place: Place
  /// Whether to add to what is there.
  package var accumulates: Bool
}
