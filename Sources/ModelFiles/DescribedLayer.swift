import Layers

/// A layer that a network file may name: by its type's name, with the arguments of its initializer.
protocol DescribedLayer: Layer {
  /// The argument that may be given without its name: `Dense: 10`. nil where none may.
  static var positional: String? { get }

  /// Makes the layer from its arguments.
  init(_ arguments: LayerArguments) throws(ModelFileError)

  /// Whether an object is the positional argument itself, and not names with values.
  static func isPositional(_ members: [DescribedValue.Member]) -> Bool
}

extension DescribedLayer {
  static func isPositional(_ members: [DescribedValue.Member]) -> Bool { false }
}

/// The layers that a network file may name: one line each.
enum LayerRegistry {
  private static let types: [any DescribedLayer.Type] = [
    Activation.self,
    AveragePool2D.self,
    BatchNorm.self,
    Conv2D.self,
    Dense.self,
    Dropout.self,
    Flatten.self,
    GlobalAveragePool2D.self,
    MaxPool2D.self,
    Rescale.self,
    Reshape.self,
    Residual.self,
    Sequential.self,
    ZeroPaddedShortcut.self,
  ]

  /// The names, sorted.
  static let names: [String] = types.map { String(describing: $0) }.sorted(by: precedes)

  /// The layer of a name.
  static func type(named name: String) -> (any DescribedLayer.Type)? {
    types.first { String(describing: $0) == name }
  }
}

/// Layers one after the other, as a network file lists them.
enum LayerList {
  /// The most layers of a file, the parts of layers included.
  static let maximumCount = 10_000

  static func layers(
    _ field: DescribedField, classCount: Int
  ) throws(ModelFileError) -> [any Layer] {
    let budget = LayerBudget(remaining: maximumCount)
    return try layers(field, classCount: classCount, budget: budget)
  }

  /// The layers of a list that is a part of a network.
  static func layers(
    _ field: DescribedField, classCount: Int, budget: LayerBudget
  ) throws(ModelFileError) -> [any Layer] {
    var layers: [any Layer] = []
    for entry in try field.elements("to be a list of layers") {
      layers.append(try layer(entry, classCount: classCount, budget: budget))
    }
    guard !layers.isEmpty else { throw field.error("to have at least one layer") }
    return layers
  }

  private static func layer(
    _ entry: DescribedField, classCount: Int, budget: LayerBudget
  ) throws(ModelFileError) -> any Layer {
    budget.remaining -= 1
    guard budget.remaining >= 0 else {
      throw entry.error("to be one of at most \(maximumCount) layers", found: "more")
    }
    let name: String
    var arguments = DescribedValue(.null, at: entry.value.position)
    switch entry.value.content {
    case .string(let text): name = text
    case .object(let members) where members.count == 1:
      name = members[0].key
      arguments = members[0].value
    case .object(let members) where members.count > 1:
      throw entry.error(
        "to be one layer",
        advice:
          "Put a - before each layer, and write arguments in braces, or on lines of their own that "
          + "are indented deeper than the layer's name \(quoted(members[0].key)).")
    default:
      throw entry.error("to be a layer: its name, or its name with arguments")
    }
    guard let type = LayerRegistry.type(named: name) else {
      throw entry.error(
        "to be a layer: \(LayerRegistry.names.joined(separator: ", "))", found: quoted(name),
        advice: suggestion(
          for: name, among: LayerRegistry.names, otherwise: entry.source.advice))
    }
    let reader = try LayerArguments(
      entry.part(arguments, name), of: type, classCount: classCount, budget: budget)
    let layer = try type.init(reader)
    try reader.finish()
    return layer
  }
}

/// How many layers a file may still have.
final class LayerBudget {
  var remaining: Int

  init(remaining: Int) {
    self.remaining = remaining
  }
}
