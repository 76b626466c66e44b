import Graphs
import Tensors

/// How the tensors of a file differ from the variables of a network.
struct ValueDifferences {
  /// Variables without a tensor, in the order of the network.
  private(set) var missing: [Variable] = []
  /// Tensors without a variable, in the order of the file.
  private(set) var unexpected: [SafetensorsFile.Entry] = []
  /// Variables whose tensor has another shape or holds no floating-point numbers.
  private(set) var mismatched: [(variable: Variable, entry: SafetensorsFile.Entry)] = []
  private let variableCount: Int

  init(between variables: [Variable], and file: SafetensorsFile) {
    variableCount = variables.count
    let names = Set(variables.map(\.name))
    unexpected = file.tensors.filter { !names.contains($0.name) }
    for variable in variables {
      guard let entry = file[variable.name] else {
        missing.append(variable)
        continue
      }
      if entry.shape != variable.shape || !entry.elementType.isFloatingPoint {
        mismatched.append((variable, entry))
      }
    }
  }

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  /// Leaves out what a caller allows.
  mutating func allow(_ allowed: AllowedDifferences) {
    if allowed.contains(.missing) { missing = [] }
    if allowed.contains(.unexpected) { unexpected = [] }
  }

  /// Leaves out the tensors whose names start so.
  mutating func allowUnexpected(withPrefix prefix: String) {
    unexpected.removeAll { $0.name.hasPrefix(prefix) }
  }

  /// The error that names every difference.
  func error(file: String, advice: String) -> ModelFileError {
    let others = unexpected.prefix(mostComparedNames).map(\.name)
    var parts: [String] = []
    if !missing.isEmpty {
      var suggestionsLeft = Self.mostSuggestions
      parts.append(
        "\(missing.count) missing: "
          + Self.list(missing) { variable in
            suggestionsLeft -= 1
            let near =
              suggestionsLeft >= 0 ? nearestName(to: variable.name, among: others) : nil
            return "\(quoted(variable.name)) \(variable.shape)"
              + (near.map { " (is it \(quoted($0))?)" } ?? "")
          })
    }
    if !unexpected.isEmpty {
      parts.append(
        "\(unexpected.count) unexpected: "
          + Self.list(unexpected) { "\(quoted($0.name)) \($0.shape)" })
    }
    if !mismatched.isEmpty {
      parts.append(
        "\(mismatched.count) that differ\(mismatched.count == 1 ? "s" : ""): "
          + Self.list(mismatched) { variable, entry in
            "\(quoted(variable.name)) is \(entry.elementType.rawValue) \(entry.shape), not "
              + "floating-point \(variable.shape)"
          })
    }
    return ModelFileError(
      file: file, expected: "the \(variableCount) variables of the network",
      found: parts.joined(separator: "; "), advice: advice)
  }

  /// The first of many: an error message that fills a disk helps nobody.
  private static let mostListed = 100
  /// Of long names, a search among a thousand takes some ten milliseconds.
  private static let mostSuggestions = 10

  private static func list<Element>(
    _ elements: [Element], _ text: (Element) -> String
  ) -> String {
    let shown = elements.prefix(mostListed).map(text).joined(separator: ", ")
    return elements.count > mostListed
      ? "\(shown) and \(elements.count - mostListed) more" : shown
  }
}

extension SafetensorsElementType {
  /// Whether the elements can be read as `Float`.
  var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .int64, .int32, .int16, .int8, .uint8, .boolean: false
    }
  }
}
