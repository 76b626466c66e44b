import Graphs

// `heUniform`, {"constant": 0.1}, {"uniform": {"from": -1, "to": 1}},
// {"normal": {"mean": 0, "standardDeviation": 0.05}}: names and arguments as in Swift.

extension Initializer {
  private static let plain: [(name: String, initializer: Initializer)] = [
    ("zeros", .zeros), ("ones", .ones), ("glorotUniform", .glorotUniform),
    ("glorotNormal", .glorotNormal), ("heUniform", .heUniform), ("heNormal", .heNormal),
  ]
  private static let names = plain.map(\.name) + ["constant", "uniform", "normal"]

  func json(of path: String) throws(ModelFileError) -> JSONValue {
    func number(_ value: Float) throws(ModelFileError) -> JSONValue {
      try NetworkConfiguration.json(value, of: path)
    }
    switch self {
    case .constant(let value): return .object(["constant": try number(value)])
    case .uniform(let low, let high):
      return .object(["uniform": .object(["from": try number(low), "to": try number(high)])])
    case .normal(let mean, let deviation):
      return .object([
        "normal": .object([
          "mean": try number(mean), "standardDeviation": try number(deviation),
        ])
      ])
    case .zeros, .ones, .glorotUniform, .glorotNormal, .heUniform, .heNormal:
      let name = Self.plain.first { $0.initializer == self }?.name
      return .string(name ?? "zeros")
    }
  }

  init(_ field: DescribedField) throws(ModelFileError) {
    let expectation =
      "to be an initializer: \(Self.plain.map(\.name).joined(separator: ", ")), "
      + "{constant: VALUE}, {uniform: {from: VALUE, to: VALUE}} or "
      + "{normal: {mean: VALUE, standardDeviation: VALUE}}"
    switch field.value.content {
    case .string(let name):
      guard let found = Self.plain.first(where: { $0.name == name }) else {
        throw field.error(
          expectation,
          advice: suggestion(for: name, among: Self.names, otherwise: field.source.advice))
      }
      self = found.initializer
    case .object(let members) where members.count == 1:
      let argument = field.part(members[0].value, members[0].key)
      switch members[0].key {
      case "constant": self = .constant(try argument.float())
      case "uniform":
        let bounds = try argument.object()
        self = .uniform(
          from: try bounds.required("from", "the lower bound").float(),
          to: try bounds.required("to", "the upper bound").float())
        try bounds.finish()
      case "normal":
        let moments = try argument.object()
        self = .normal(
          mean: try moments.required("mean", "a number").float(),
          standardDeviation: try moments.required("standardDeviation", "a number").float())
        try moments.finish()
      case let name:
        throw field.error(
          expectation,
          advice: suggestion(for: name, among: Self.names, otherwise: field.source.advice))
      }
    default: throw field.error(expectation)
    }
  }
}
