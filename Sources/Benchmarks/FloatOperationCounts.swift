import Graphs
public import Layers

/// Floating-point operations by the direct count: those of convolutions and matrix products as
/// their definitions have them, a multiplication and an addition counted as two.
///
/// What an algorithm really does may be less, as Winograd's: a rate by this count may then exceed
/// the processor's peak. Everything else (pooling, normalisation, the optimizer) counts nothing.
extension Model {
  /// The direct count of a prediction of `batch` examples.
  public func forwardOperations(batch: Int) -> Double {
    graph.nodes.indices.reduce(0) { $0 + graph.productOperations(of: $1, batch: batch) }
  }

  /// The direct count of a training step on `batch` examples: three times the forward pass's, for
  /// there are two gradients, of the images and of the weights.
  ///
  /// The usual convention: the gradient of the network's own input counts too, though nobody
  /// computes it.
  public func trainingOperations(batch: Int) -> Double { 3 * forwardOperations(batch: batch) }
}

extension Graph {
  /// The direct count of one node's forward pass.
  func productOperations(of index: Int, batch: Int) -> Double {
    let node = nodes[index]
    guard node.operation is ConvolutionOperation || node.operation is MatrixProductOperation else {
      return 0
    }
    return Double(
      node.operation.floatOperations(
        inputs: node.inputs.map { nodes[$0].type }, output: node.type, batch: batch))
  }

  /// For each node whether its value depends on a trainable variable.
  var nodesWithGradient: [Bool] {
    var result: [Bool] = []
    for node in nodes {
      if let variable = node.operation as? VariableOperation {
        result.append(variables[variable.index].isTrainable)
      } else {
        result.append(node.inputs.contains { result[$0] })
      }
    }
    return result
  }
}
