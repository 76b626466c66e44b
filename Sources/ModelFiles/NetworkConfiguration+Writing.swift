import Graphs
import Tensors

extension NetworkConfiguration {
  /// The description of a graph.
  static func description(of graph: Graph) throws(ModelFileError) -> JSONObject {
    var labels: [LayerLabel: Int] = [:]
    var labelList: [JSONValue] = []
    var nodes: [JSONValue] = []
    for (index, node) in graph.nodes.enumerated() {
      var object: JSONObject = ["operation": .string(node.operation.kind)]
      var attributes = JSONObject()
      for (name, value) in node.operation.attributes {
        attributes[name] = try value.json(of: "nodes[\(index)].attributes.\(name)")
      }
      if !attributes.isEmpty { object["attributes"] = .object(attributes) }
      if !node.inputs.isEmpty { object["inputs"] = .array(node.inputs.map { .integer($0) }) }
      if let label = node.label {
        if labels[label] == nil {
          labels[label] = labelList.count
          labelList.append(.object(label.json))
        }
        object["label"] = labels[label].map { .integer($0) }
      }
      nodes.append(.object(object))
    }
    var variables: [JSONValue] = []
    for (index, variable) in graph.variables.enumerated() {
      variables.append(
        .object([
          "name": .string(variable.name),
          "shape": .array(variable.shape.dimensions.map { .integer($0) }),
          "initializer": try variable.initializer.json(of: "variables[\(index)].initializer"),
          "fan": .array([.integer(variable.fan.in), .integer(variable.fan.out)]),
          "trainable": .boolean(variable.isTrainable),
        ]))
    }
    let outputs = graph.outputs.map { output in
      JSONValue.object(["name": .string(output.name), "node": .integer(output.node)])
    }
    return [
      "format": .integer(format), "labels": .array(labelList), "nodes": .array(nodes),
      "outputs": .array(outputs), "variables": .array(variables),
    ]
  }

  /// A number that a file can hold.
  static func json(_ value: Float, of path: String) throws(ModelFileError) -> JSONValue {
    guard value.isFinite else {
      throw ModelFileError(
        file: "the model's network", expected: "\(path) to be a finite number", found: "\(value)",
        advice: "A network with this part cannot be saved in a file.")
    }
    return .float(value)
  }
}

extension LayerLabel {
  fileprivate var json: JSONObject {
    var object: JSONObject = ["path": .string(path), "kind": .string(kind)]
    object["position"] = position.map { .integer($0) }
    object["count"] = layerCount.map { .integer($0) }
    return object
  }
}

extension AttributeValue {
  fileprivate func json(of path: String) throws(ModelFileError) -> JSONValue {
    switch self {
    case .int(let value): return .integer(value)
    case .float(let value): return try NetworkConfiguration.json(value, of: path)
    case .bool(let value): return .boolean(value)
    case .string(let value): return .string(value)
    case .ints(let values): return .array(values.map { .integer($0) })
    case .floats(let values):
      var elements: [JSONValue] = []
      for value in values { elements.append(try NetworkConfiguration.json(value, of: path)) }
      return .array(elements)
    }
  }
}
