/// The operations that a model file may name: one line each.
package enum OperationRegistry {
  private static let types: [any Operation.Type] = [
    PlaceholderOperation.self,
    VariableOperation.self,
    ConstantOperation.self,
    UnaryOperation.self,
    ArithmeticOperation.self,
    MatrixProductOperation.self,
    ConvolutionOperation.self,
    PoolingOperation.self,
    GlobalAveragePoolingOperation.self,
    BatchNormalizationOperation.self,
    SoftmaxOperation.self,
    ReshapeOperation.self,
    ConcatenateOperation.self,
    PadChannelsOperation.self,
    DropoutOperation.self,
    ReduceOperation.self,
    ScaleOperation.self,
    CrossEntropyOperation.self,
    ElementLossOperation.self,
  ]

  /// The names of all operations, sorted.
  package static let kinds: [String] = types.map { $0.kind }.sorted()

  /// Whether there is an operation of the given name.
  package static func contains(_ kind: String) -> Bool { types.contains { $0.kind == kind } }

  /// The operation of the given name.
  ///
  /// - Throws: `AttributeError` if there is none of that name, or an attribute is missing, wrong or
  ///   unknown.
  package static func make(kind: String, attributes: Attributes) throws -> any Operation {
    guard let type = types.first(where: { $0.kind == kind }) else {
      throw AttributeError(
        "There is no operation '\(kind)'; there are \(kinds.joined(separator: ", ")).")
    }
    let reader = AttributeReader(kind: kind, attributes: attributes)
    let operation = try type.init(attributes: reader)
    try reader.finish()
    return operation
  }
}
