import Tensors

/// A value of a description with its path in it: reads it as what is expected, or throws what is
/// wrong with it.
struct DescribedField: Sendable {
  let value: DescribedValue
  /// The way to the value, `layers[2].Conv2D.kernelSize`; empty for the whole.
  let path: String
  let source: DescriptionSource

  /// The path for error messages.
  var name: String { path.isEmpty ? "the description" : path }

  /// An error about this value: "expected PATH to be …, found …".
  func error(
    _ expectation: String, found: String? = nil, advice: String? = nil
  ) -> ModelFileError {
    source.error(
      at: value.position, expected: "\(name) \(expectation)", found: found ?? value.summary,
      advice: advice)
  }

  /// The field of a part of this value.
  func part(_ value: DescribedValue, _ suffix: String) -> DescribedField {
    DescribedField(value: value, path: path.isEmpty ? suffix : "\(path).\(suffix)", source: source)
  }

  func bool() throws(ModelFileError) -> Bool {
    guard case .boolean(let value) = value.content else { throw error("to be true or false") }
    return value
  }

  func int(in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    guard case .integer(let value) = value.content, range.contains(value) else {
      throw error("to be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A finite number, or a fraction such as `1/255`.
  func float() throws(ModelFileError) -> Float {
    let number: Float? =
      switch value.content {
      case .integer(let value): Float(value)
      case .number(let value): Float(value)
      case .string(let text): Self.fraction(text)
      default: nil
      }
    guard let number, number.isFinite else { throw error("to be a number") }
    return number
  }

  private static func fraction(_ text: String) -> Float? {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 40, let numerator = Float(Substring(parts[0])),
      let denominator = Float(Substring(parts[1])), denominator != 0
    else { return nil }
    return numerator / denominator
  }

  /// A text of one character or more, and not too many.
  func string() throws(ModelFileError) -> String {
    guard case .string(let text) = value.content else {
      throw error("to be a text\(value.isNumberOrBoolean ? " (in quotation marks)" : "")")
    }
    guard !text.isEmpty, text.utf8.count <= Self.longestText else {
      throw error(
        "to have from 1 to \(Self.longestText) bytes", found: "\(text.utf8.count) of them")
    }
    return text
  }

  /// The longest name or kind of a layer, in bytes.
  static let longestText = 1_000

  /// The elements of a list.
  func elements(_ expectation: String = "to be a list") throws(ModelFileError) -> [DescribedField] {
    guard case .list(let elements) = value.content else { throw error(expectation) }
    return elements.enumerated().map { index, element in
      DescribedField(value: element, path: "\(path)[\(index)]", source: source)
    }
  }

  func ints(
    count: ClosedRange<Int>, in range: ClosedRange<Int>, _ expectation: String
  ) throws(ModelFileError) -> [Int] {
    let fields = try elements(expectation)
    guard count.contains(fields.count) else { throw error(expectation) }
    var values: [Int] = []
    for field in fields { values.append(try field.int(in: range)) }
    return values
  }

  /// A list of extents, whose product is at most `limit`.
  func shape(limit: Int) throws(ModelFileError) -> Shape {
    let shape = Shape(
      try ints(
        count: 0...NetworkConfiguration.maximumRank, in: 1...limit,
        "to be a list of at most \(NetworkConfiguration.maximumRank) extents"))
    guard let count = shape.checkedCount, count <= limit else {
      throw error("to have at most \(limit) elements", found: "\(shape)")
    }
    return shape
  }

  /// The value's members, to be read one by one.
  func object(_ expectation: String = "to be names with values") throws(ModelFileError)
    -> DescribedObject
  {
    guard case .object(let members) = value.content else { throw error(expectation) }
    return DescribedObject(self, members: members)
  }
}

extension DescribedValue {
  fileprivate var isNumberOrBoolean: Bool {
    switch content {
    case .integer, .number, .boolean: true
    default: false
    }
  }
}
