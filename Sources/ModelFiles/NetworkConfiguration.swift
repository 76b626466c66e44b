package import Graphs

/// The description of a network in a file: its traced graph as JSON.
///
///     {"format": 1,
///      "labels": [{"count": 1, "kind": "Dense(10)", "path": "0", "position": 1}],
///      "nodes": [
///        {"attributes": {"batched": true, "element_type": "float32", "name": "input",
///                        "shape": [4]}, "operation": "input"},
///        {"attributes": {"index": 0}, "label": 0, "operation": "variable"},
///        {"inputs": [0, 1], "label": 0, "operation": "matmul"}],
///      "outputs": [{"name": "output", "node": 2}],
///      "variables": [{"fan": [4, 10], "initializer": "glorotUniform", "name": "0.weight",
///                     "shape": [4, 10], "trainable": true}]}
///
/// Nodes take nodes before them, by number. No shapes of results are stored: whoever reads the
/// description asks the shape rules of the operations, which are a closed set. Nothing that a
/// description says is believed before it is checked, and nothing is allocated by a size in it
/// but the description itself.
package enum NetworkConfiguration {
  /// The version of the description; a reader refuses others.
  package static let format = 1
  /// The most bytes of a description.
  package static let maximumSize = 16 << 20
  /// The most nodes of a network.
  package static let maximumNodeCount = 20_000
  /// The most dimensions of an array.
  package static let maximumRank = 16
  /// The most elements of the result of a node for one example: 1 GB.
  package static let maximumElementCount = 1 << 28
  /// The most elements of a variable: 8 GB.
  package static let maximumVariableCount = 1 << 31

  /// The description as text: the same bytes for the same graph.
  ///
  /// - Throws: ``ModelFileError`` if the graph has a part that a file cannot hold: a number that is
  ///   not finite, or more than the limits.
  package static func text(of graph: Graph) throws(ModelFileError) -> String {
    let text = JSONValue.object(try description(of: graph)).canonicalText
    // What is saved can be read back: better to learn of a limit now than of a file without use.
    let source = DescriptionSource(
      file: "the model's network", advice: "A network with this part cannot be saved in a file.")
    let copy = try Self.graph(readingJSON: Array(text.utf8), source: source)
    for (index, (node, same)) in zip(graph.nodes, copy.nodes).enumerated()
    where node.type != same.type {
      throw source.error(
        expected: "nodes[\(index)] to be \(same.type) by the shape rules", found: "\(node.type)")
    }
    return text
  }

  /// The graph that the configuration in a model file describes.
  ///
  /// - Parameters:
  ///   - text: The configuration.
  ///   - file: The file's name for error messages.
  package static func graph(text: String, file: String) throws(ModelFileError) -> Graph {
    try graph(readingJSON: Array(text.utf8), source: .modelFile(file))
  }

  private static func graph(
    readingJSON bytes: [UInt8], source: DescriptionSource
  ) throws(ModelFileError) -> Graph {
    guard bytes.count <= maximumSize else {
      throw source.error(
        expected: "a configuration of at most \(maximumSize) bytes", found: "\(bytes.count)")
    }
    let value: DescribedValue
    do {
      value = try DescribedValue(json: bytes)
    } catch {
      throw source.error(
        expected: "a configuration in JSON with \(error.expected) at its byte \(error.offset)",
        found: error.found)
    }
    return try graph(describedBy: DescribedField(value: value, path: "", source: source))
  }

  /// The graph that a description in the full schema describes.
  static func graph(describedBy field: DescribedField) throws(ModelFileError) -> Graph {
    var reader = try GraphReader(field)
    return try reader.graph()
  }
}
