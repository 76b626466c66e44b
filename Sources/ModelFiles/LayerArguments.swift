import Graphs
import Layers
import Tensors

/// The arguments of a layer in a network file, read strictly: each once, none left over.
final class LayerArguments {
  private let object: DescribedObject
  private let classCount: Int
  private let budget: LayerBudget

  /// The word that stands for the number of the data's classes.
  private static let classes = "classes"
  /// The largest number of outputs or channels.
  ///
  /// With the limits of windows and inputs, no count of weights or connections can overflow.
  private static let mostChannels = 1 << 24
  /// The largest side of a window, stride, dilation or padding.
  private static let longestSide = 1 << 15

  init(
    _ field: DescribedField, of type: any DescribedLayer.Type, classCount: Int, budget: LayerBudget
  ) throws(ModelFileError) {
    self.classCount = classCount
    self.budget = budget
    let positional = type.positional
    switch field.value.content {
    case .null: object = DescribedObject(field, members: [])
    case .object(let members) where positional == nil || !type.isPositional(members):
      object = DescribedObject(field, members: members)
    default:
      guard let positional else {
        throw field.error("to have its arguments by name, such as {name: …}")
      }
      object = DescribedObject(
        field,
        members: [
          DescribedValue.Member(
            key: positional, keyPosition: field.value.position, value: field.value)
        ])
    }
  }

  /// Checks that every argument was asked for.
  func finish() throws(ModelFileError) { try object.finish() }

  /// Whether an argument is given; does not count as asking for it.
  func has(_ name: String) -> Bool { object.has(name) }

  /// An error about the layer as a whole.
  func error(_ expectation: String, found: String) -> ModelFileError {
    object.field.error(expectation, found: found)
  }

  /// The layer's `name:`.
  func name() throws(ModelFileError) -> String? {
    guard let field = object.optional("name") else { return nil }
    return try field.string()
  }

  func bool(_ name: String, default value: Bool) throws(ModelFileError) -> Bool {
    guard let field = object.optional(name) else { return value }
    return try field.bool()
  }

  func float(_ name: String, default value: Float) throws(ModelFileError) -> Float {
    guard let field = object.optional(name) else { return value }
    return try field.float()
  }

  func float(_ name: String) throws(ModelFileError) -> Float {
    try object.required(name, "a number").float()
  }

  func floats(_ name: String) throws(ModelFileError) -> [Float] {
    var values: [Float] = []
    for field in try object.required(name, "a list of numbers").elements("to be a list of numbers")
    {
      values.append(try field.float())
    }
    return values
  }

  /// A number of outputs or channels, or `classes`.
  func outputCount(_ name: String) throws(ModelFileError) -> Int {
    let field = try object.required(name, "a whole number")
    if case .string(Self.classes) = field.value.content { return classCount }
    guard case .integer(let count) = field.value.content, (1...Self.mostChannels).contains(count)
    else {
      throw field.error("to be a whole number from 1 to \(Self.mostChannels), or classes")
    }
    return count
  }

  /// A number of channels or the like, which may be left out.
  func count(_ name: String) throws(ModelFileError) -> Int? {
    guard let field = object.optional(name) else { return nil }
    return try field.int(in: 1...Self.mostChannels)
  }

  func size(_ name: String) throws(ModelFileError) -> Size2D {
    try size(object.required(name, "a whole number or [height, width]"))
  }

  func optionalSize(_ name: String) throws(ModelFileError) -> Size2D? {
    guard let field = object.optional(name) else { return nil }
    return try size(field)
  }

  private func size(_ field: DescribedField) throws(ModelFileError) -> Size2D {
    let range = 1...Self.longestSide
    if case .integer(let side) = field.value.content, range.contains(side) { return Size2D(side) }
    let sides = try field.ints(
      count: 2...2, in: range,
      "to be a whole number from 1 to \(Self.longestSide), or two of them, [height, width]")
    return Size2D(height: sides[0], width: sides[1])
  }

  func padding() throws(ModelFileError) -> Padding {
    guard let field = object.optional("padding") else { return .valid }
    let range = 0...Self.longestSide
    let expectation =
      "to be valid, same, a whole number from 0 to \(Self.longestSide), or four of them, "
      + "[top, left, bottom, right]"
    switch field.value.content {
    case .string("valid"): return .valid
    case .string("same"): return .same
    case .string(let word):
      throw field.error(
        expectation,
        advice: suggestion(
          for: word, among: ["valid", "same"], otherwise: field.source.advice))
    case .integer(let count) where range.contains(count): return .uniform(count)
    default:
      let sides = try field.ints(count: 4...4, in: range, expectation)
      return .explicit(top: sides[0], left: sides[1], bottom: sides[2], right: sides[3])
    }
  }

  func shape(_ name: String) throws(ModelFileError) -> Shape {
    try object.required(name, "a list of extents").exampleShape()
  }

  func activation(_ name: String = "activation") throws(ModelFileError) -> ActivationFunction {
    guard let field = object.optional(name) else { return .identity }
    return try ActivationFunction(field)
  }

  func requiredActivation(_ name: String) throws(ModelFileError) -> ActivationFunction {
    try ActivationFunction(object.required(name, "the name of a function"))
  }

  func initializer(_ name: String) throws(ModelFileError) -> Initializer? {
    guard let field = object.optional(name) else { return nil }
    return try Initializer(field)
  }

  func layers(_ name: String) throws(ModelFileError) -> [any Layer] {
    try LayerList.layers(
      object.required(name, "a list of layers"), classCount: classCount, budget: budget)
  }

  func optionalLayers(_ name: String) throws(ModelFileError) -> [any Layer]? {
    guard let field = object.optional(name) else { return nil }
    return try LayerList.layers(field, classCount: classCount, budget: budget)
  }
}

extension DescribedField {
  /// The shape of an example: a list of extents, or one number.
  func exampleShape() throws(ModelFileError) -> Shape {
    let limit = NetworkConfiguration.maximumElementCount
    if case .integer(let count) = value.content, (1...limit).contains(count) { return [count] }
    guard case .list(let elements) = value.content, !elements.isEmpty else {
      throw error("to be the shape of an example: a list of extents, such as [28, 28, 1]")
    }
    return try shape(limit: limit)
  }
}
