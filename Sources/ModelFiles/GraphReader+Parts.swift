import Graphs
import Tensors

extension GraphReader {
  /// Reads each element of a list, of at most as many as a network may have nodes.
  static func list<Element>(
    _ object: DescribedObject, _ name: String,
    _ read: (DescribedField) throws(ModelFileError) -> Element
  ) throws(ModelFileError) -> [Element] {
    guard let field = object.optional(name) else { return [] }
    let fields = try field.elements()
    guard fields.count <= NetworkConfiguration.maximumNodeCount else {
      throw field.error(
        "to have at most \(NetworkConfiguration.maximumNodeCount) elements",
        found: "\(fields.count)")
    }
    var elements: [Element] = []
    for field in fields { elements.append(try read(field)) }
    return elements
  }

  static func label(_ field: DescribedField) throws(ModelFileError) -> LayerLabel {
    let object = try field.object()
    let path = try object.required("path", "a text")
    let kind = try object.required("kind", "a text").string()
    let position = try object.optional("position").map(Self.position)
    let count = try object.optional("count").map(Self.position)
    try object.finish()
    // A layer that is the whole network has an empty path.
    if case .string("") = path.value.content {
      return LayerLabel(path: "", kind: kind, position: position, layerCount: count)
    }
    return LayerLabel(
      path: try path.string(), kind: kind, position: position, layerCount: count)
  }

  private static func position(_ field: DescribedField) throws(ModelFileError) -> Int {
    try field.int(in: 1...1_000_000_000)
  }

  static func variable(_ field: DescribedField) throws(ModelFileError) -> Variable {
    let object = try field.object()
    let name = try object.required("name", "a text").string()
    let shapeField = try object.required("shape", "a list of extents")
    let shape = try shapeField.shape(limit: NetworkConfiguration.maximumVariableCount)
    let initializer = try object.optional("initializer").map(Self.initializer) ?? .glorotUniform
    let fan = try object.optional("fan").map(Self.fan)
    let isTrainable = try object.optional("trainable").map(Self.bool) ?? true
    try object.finish()
    guard name != SafetensorsHeader.metadataKey else {
      throw field.error("to have a name that a file of tensors can hold", found: quoted(name))
    }
    return Variable(
      name: name, shape: shape, initializer: initializer,
      fan: fan
        ?? Variable.Fan(in: shape.dimensions.first ?? 1, out: shape.dimensions.last ?? 1),
      isTrainable: isTrainable)
  }

  private static func initializer(_ field: DescribedField) throws(ModelFileError) -> Initializer {
    try Initializer(field)
  }

  private static func bool(_ field: DescribedField) throws(ModelFileError) -> Bool {
    try field.bool()
  }

  private static func fan(_ field: DescribedField) throws(ModelFileError) -> Variable.Fan {
    let limit = 1 << 60
    let counts = try field.ints(
      count: 2...2, in: 0...limit, "to be the numbers of connections in and out, [in, out]")
    return Variable.Fan(in: counts[0], out: counts[1])
  }

  /// The attributes of an operation, by the types that their values have in the text.
  static func attributes(_ field: DescribedField) throws(ModelFileError) -> Attributes {
    guard case .object(let members) = field.value.content else {
      throw field.error("to be names with values")
    }
    var attributes: Attributes = [:]
    for member in members {
      let part = field.part(member.value, member.key)
      switch member.value.content {
      case .boolean(let value): attributes[member.key] = .bool(value)
      case .integer(let value): attributes[member.key] = .int(value)
      case .number: attributes[member.key] = .float(try part.float())
      case .string(let value): attributes[member.key] = .string(value)
      case .list(let elements): attributes[member.key] = try list(elements, part)
      case .null, .object:
        throw part.error("to be a number, a text, true, false or a list of numbers")
      }
    }
    return attributes
  }

  private static func list(
    _ elements: [DescribedValue], _ field: DescribedField
  ) throws(ModelFileError) -> AttributeValue {
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let value) = element.content else { break }
      integers.append(value)
    }
    if integers.count == elements.count { return .ints(integers) }
    var floats: [Float] = []
    for element in try field.elements() {
      if case .string = element.value.content { throw element.error("to be a number") }
      floats.append(try element.float())
    }
    return .floats(floats)
  }
}
