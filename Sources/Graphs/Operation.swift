import Tensors

/// A step of a graph as it is described: its kind, its attributes, its shape rule and what it costs.
///
/// One operation is one file in `Operations`, with one line in `OperationRegistry` if it can occur
/// in a model file. How it runs is its ``kernel``'s matter.
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

  /// What computes the operation where it is not joined with others.
  var kernel: any PlannedKernel { get }
}

extension Operation {
  package static var inputCounts: ClosedRange<Int> { 1...1 }

  package static var updatedInputs: [Int] { [] }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    output.count(batch: batch)
  }

  /// The operation's name in model files and tables.
  package var kind: String { Self.kind }
}

extension Operation where Self: PlannedKernel {
  /// The operation itself.
  package var kernel: any PlannedKernel { self }
}
