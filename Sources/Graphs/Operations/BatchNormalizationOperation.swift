import Kernels
import Tensors

/// Batch normalisation over all but the last dimension (Ioffe and Szegedy, ICML 2015).
///
/// Inputs: values `[…, channels]`, scale, offset, running mean, running variance (`[channels]`
/// each). In training the batch's own statistics are used and the running ones updated.
package struct BatchNormalizationOperation: Operation {
  package static let kind = "batch_normalization"
  package static let inputCounts = 5...5
  package static let updatedInputs = [3, 4]
  let momentum: Float
  let epsilon: Float

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

  package var kernel: any PlannedKernel { BatchNormalizationKernel(self) }

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
}
