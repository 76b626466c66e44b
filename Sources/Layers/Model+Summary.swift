import Graphs
import Tensors
public import Threads

/// A table of a model's layers.
public struct ModelSummary: Sendable, Hashable {
  /// One call of a layer.
  public struct Row: Sendable, Hashable {
    /// The layer's path in the network: `encoder.0`.
    public let path: String
    /// The layer's type with the arguments that matter: `Dense(10)`.
    public let kind: String
    /// The shape of the result for one example.
    public let outputShape: [Int]
    /// Trainable parameters, counted where the layer is first called.
    public let parameterCount: Int
    /// Floating-point operations of the forward pass for one example.
    public let floatOperations: Int
    /// Bytes of the result for one example.
    public let byteCount: Int
    /// How the layer's convolution is computed by the model's engine; nil if it has none.
    public let convolution: ConvolutionAlgorithm?
  }

  /// The layers' calls in order.
  public let rows: [Row]
  /// Trainable parameters.
  public let parameterCount: Int
  /// Values that training updates without an optimizer, such as running means.
  public let statisticCount: Int
  /// Floating-point operations of the forward pass for one example.
  public let floatOperations: Int
  /// Bytes of all variables.
  public let parameterByteCount: Int
}

extension Model {
  /// The model's layers: paths, output shapes, parameters, operations and bytes.
  public var summary: ModelSummary {
    let algorithms = graph.convolutionAlgorithms(named: engine.convolution)
    var rows: [ModelSummary.Row] = []
    var seenVariables: Set<Int> = []
    var pending: (label: LayerLabel, nodes: [Int])?
    func flush() {
      guard let (label, nodes) = pending, let last = nodes.last else { return }
      var parameters = 0
      for node in nodes {
        for input in graph.nodes[node].inputs {
          if let variable = graph.nodes[input].operation as? VariableOperation,
            seenVariables.insert(variable.index).inserted,
            graph.variables[variable.index].isTrainable
          {
            parameters += graph.variables[variable.index].shape.count
          }
        }
      }
      rows.append(
        ModelSummary.Row(
          path: label.path, kind: label.kind,
          outputShape: graph.nodes[last].type.fixedShape.dimensions,
          parameterCount: parameters,
          floatOperations: nodes.reduce(0) { $0 + floatOperations(of: $1) },
          byteCount: graph.nodes[last].type.byteCount(batch: 1),
          convolution: nodes.lazy.compactMap { algorithms[$0] }.first))
    }
    for (index, node) in graph.nodes.enumerated() {
      if node.operation is VariableOperation || node.operation is PlaceholderOperation { continue }
      let label = node.label ?? LayerLabel(path: "", kind: node.operation.kind)
      // A layer called again follows itself only if its calls are chained: its first step then takes
      // its own last one, and is the same kind of step.
      let continues =
        pending.map { current in
          node.label != nil && current.label == label
            && graph.nodes[current.nodes[0]].operation.kind != node.operation.kind
        } ?? false
      if continues {
        pending?.nodes.append(index)
      } else {
        flush()
        pending = (label, [index])
      }
    }
    flush()
    let variables = graph.variables
    return ModelSummary(
      rows: rows, parameterCount: graph.parameterCount,
      statisticCount: variables.filter { !$0.isTrainable }.reduce(0) { $0 + $1.shape.count },
      floatOperations: graph.nodes.indices.reduce(0) { $0 + floatOperations(of: $1) },
      parameterByteCount: variables.reduce(0) { $0 + $1.shape.count * 4 })
  }

  private func floatOperations(of index: Int) -> Int {
    let node = graph.nodes[index]
    return node.operation.floatOperations(
      inputs: node.inputs.map { graph.nodes[$0].type }, output: node.type, batch: 1)
  }
}

extension ModelSummary: CustomStringConvertible {
  /// The table as text.
  public var description: String {
    let header = ["layer", "kind", "output", "parameters", "MFLOP", "bytes", "convolution"]
    let lines = rows.map { row in
      [
        row.path, row.kind, "[" + row.outputShape.map(String.init).joined(separator: ", ") + "]",
        grouped(row.parameterCount), millions(row.floatOperations), grouped(row.byteCount),
        row.convolution?.rawValue ?? "",
      ]
    }
    let total = [
      "total", "", "", grouped(parameterCount), millions(floatOperations),
      grouped(rows.reduce(0) { $0 + $1.byteCount }), "",
    ]
    let table = [header] + lines + [total]
    let widths = header.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < 3 || column == 6 ? cell + space : space + cell
      }
      var text = padded.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([line(header), rule] + lines.map(line) + [rule, line(total)]).joined(separator: "\n")
  }
}

/// A whole number with thin groups of three: `1,234,567`.
private func grouped(_ value: Int) -> String {
  var text = ""
  for (index, digit) in String(value).reversed().enumerated() {
    if index > 0 && index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}

/// A number of operations in millions, to three decimals.
private func millions(_ value: Int) -> String {
  let thousandths = (value + 500) / 1000
  let fraction = String(thousandths % 1000)
  return "\(grouped(thousandths / 1000))."
    + String(repeating: "0", count: 3 - fraction.count) + fraction
}
