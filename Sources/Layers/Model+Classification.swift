import Graphs
public import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The class that a model finds most probable for an example.
public struct ClassPrediction: Sendable, Hashable {
  /// The class's number, from 0; of equally probable classes the first.
  public let label: Int
  /// The class's name: that of the model's metadata, else its number.
  public let name: String
  /// The probability of every class.
  public let probabilities: [Float]
  /// Whether all outputs of the model were finite numbers.
  ///
  /// After an overflow or NaN they are not: then neither class nor probabilities mean anything.
  public let isFinite: Bool
}

extension Model {
  /// The shape of one example of the model's one input.
  ///
  /// - Throws: ``PredictionError`` if the model has several inputs, or one of whole numbers.
  public func singleInputShape() throws -> Shape {
    guard graph.inputs.count == 1, graph.inputs[0].type.elementType == .float32 else {
      throw PredictionError(
        "Expected a model with one input of numbers, found the inputs "
          + graph.inputs.map { "\($0.name) (\($0.type.elementType.rawValue))" }
          .joined(separator: ", ") + "; use Model.predict(_:) and feed them by name.")
    }
    return graph.inputs[0].type.fixedShape
  }

  /// The number of classes of a model that classifies: the width of its first output.
  ///
  /// - Throws: ``PredictionError`` if the output is not one row of at least two numbers an example.
  public func classCount() throws -> Int {
    guard let output = graph.outputs.first, output.type.isBatched, output.type.rank == 2,
      output.type.fixedShape.count >= 2
    else {
      throw PredictionError(
        "Expected a model that classifies, with an output of at least two numbers an example; found "
          + "the output \(graph.outputs.first.map { "\($0.type)" } ?? "none").")
    }
    return output.type.fixedShape.count
  }

  /// Classifies examples: the softmax of the logits (or, if the network ends in softmax, its output).
  ///
  /// - Parameter input: Examples, `[n, …]` with the shape of an example behind.
  /// - Returns: A prediction an example, in order.
  /// - Throws: ``PredictionError`` if the model does not classify; `PredictionError` if the shape is not
  ///   that of the model's one input.
  public func classify(_ input: Tensor) throws -> [ClassPrediction] {
    let classCount = try classCount()
    let isProbability = graph.activation(producing: graph.outputs[0]) == .softmax
    let outputs = try self(input)
    return outputs.withUnsafeElements { elements in
      (0..<elements.count / classCount).map { row in
        let values = elements[row * classCount..<(row + 1) * classCount].map(Double.init)
        let label =
          values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }
          ?? 0
        let exponentials = values.map { exp($0 - values[label]) }
        let sum = exponentials.reduce(0, +)
        return ClassPrediction(
          label: label, name: metadata.className(of: label),
          probabilities: (isProbability ? values : exponentials.map { $0 / sum }).map(Float.init),
          isFinite: values.allSatisfy(\.isFinite))
      }
    }
  }
}

extension ModelMetadata {
  /// The name of a class, its number where there are no names.
  public func className(of label: Int) -> String {
    guard let classNames, classNames.indices.contains(label) else { return String(label) }
    return classNames[label]
  }
}
