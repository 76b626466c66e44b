import Graphs

// `relu`, or with a parameter {"leakyReLU": 0.2}: names as in Swift.

extension ActivationFunction {
  /// The functions that have a parameter: how it is called, and the function of a value.
  private static func make(_ name: String) -> (parameter: String, (Float) -> ActivationFunction)? {
    switch name {
    case "leakyReLU": ("slope", { .leakyReLU(slope: $0) })
    case "elu": ("alpha", { .elu(alpha: $0) })
    default: nil
    }
  }

  /// Whether an object is a function with its parameter.
  static func isDescription(_ members: [DescribedValue.Member]) -> Bool {
    members.count == 1 && all.contains { $0.name == members[0].key }
  }

  init(_ field: DescribedField) throws(ModelFileError) {
    let names = Self.all.map(\.name)
    let expectation =
      "to be an activation function: \(names.joined(separator: ", ")); with a parameter, "
      + "{leakyReLU: SLOPE} or {elu: ALPHA}"
    switch field.value.content {
    case .string(let name):
      guard let function = Self.all.first(where: { $0.name == name }) else {
        throw field.error(
          expectation, advice: suggestion(for: name, among: names, otherwise: field.source.advice))
      }
      self = function
    case .object(let members) where members.count == 1:
      guard let (parameter, function) = Self.make(members[0].key) else {
        throw field.error(
          expectation,
          advice: suggestion(
            for: members[0].key, among: ["leakyReLU", "elu"], otherwise: field.source.advice))
      }
      var argument = field.part(members[0].value, members[0].key)
      if case .object = members[0].value.content {
        let object = try argument.object()
        argument = try object.required(parameter, "a number")
        try object.finish()
      }
      let value = try argument.float()
      guard value >= 0 else { throw argument.error("to be at least 0") }
      self = function(value)
    default: throw field.error(expectation)
    }
  }
}
