public import Graphs
public import Tensors

/// Why the values of a variable cannot be read or set.
public struct VariableError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension Model {
  /// The variables: parameters and statistics, in the order of the network.
  public var variables: [Variable] { graph.variables }

  /// The values of a variable.
  ///
  /// - Throws: `VariableError` if there is none of that name.
  public func value(of name: String) throws -> Tensor {
    let index = try index(of: name)
    let variable = graph.variables[index]
    return parameters.withUnsafePointer { values in
      Tensor(
        shape: variable.shape,
        UnsafeBufferPointer(
          start: values + graph.layout.offsets[index], count: variable.shape.count)
      )
    }
  }

  /// Sets the values of a variable.
  ///
  /// - Throws: `VariableError` if there is none of that name, or the shape is another.
  public mutating func setValue(_ value: Tensor, of name: String) throws {
    let index = try index(of: name)
    let shape = graph.variables[index].shape
    guard value.shape == shape else {
      throw VariableError(
        "Variable '\(name)' has the shape \(shape); it was given \(value.shape).")
    }
    let offset = graph.layout.offsets[index]
    parameters.withUnsafeMutablePointer { values in
      value.withUnsafeElements { elements in
        guard let source = elements.baseAddress else { return }
        (values + offset).update(from: source, count: elements.count)
      }
    }
  }

  private func index(of name: String) throws -> Int {
    guard let index = graph.variables.firstIndex(where: { $0.name == name }) else {
      throw VariableError(
        "The model has no variable '\(name)'; it has "
          + "\(graph.variables.map(\.name).joined(separator: ", ")).")
    }
    return index
  }
}
