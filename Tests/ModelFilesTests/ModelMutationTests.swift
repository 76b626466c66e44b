import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

/// Configurations with random changes to their words give an error or a model that runs.
///
/// Changed bytes are what HostileFileTests tries.
@Suite struct ModelMutationTests {
  static let mutantCount = 20_000

  @Test(arguments: [0, 1])
  func changedConfigurationsAreRefusedOrRun(sample: Int) throws {
    let model = try sample == 0 ? smallImageModel() : Siamese.model()
    let original = Array(try NetworkConfiguration.text(of: model.graph).utf8)
    var random = RandomStream(seed: UInt64(sample), purpose: .synthesis)
    var accepted = 0
    for _ in 0..<Self.mutantCount {
      var bytes = original
      for _ in 0...Int(random.next() % 3) { Self.mutateTokens(&bytes, &random) }
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        let graph = try NetworkConfiguration.graph(text: text, file: "mutant")
        let weights = graph.variables.reduce(0) { $0 + $1.shape.count }
        if weights <= 1 << 20 {
          var writer = SafetensorsWriter(metadata: ["needletail.network": text])
          for variable in graph.variables {
            try writer.add(variable.name, Tensor(zeros: variable.shape))
          }
          try Self.run(Model(fileBytes: writer.bytes()))
        }
        accepted += 1
      } catch is ModelFileError {
      } catch is PredictionError {
      }
    }
    #expect(accepted > 100)
  }

  /// Asks a model for everything that a program would, if it is small.
  static func run(_ model: Model) throws {
    _ = model.summary.description
    let graph = model.graph
    let elements = graph.nodes.reduce(0) { $0 + $1.type.fixedShape.count }
    guard elements <= 1 << 16, model.summary.floatOperations < 1 << 24 else { return }
    var fed: [String: Tensor] = [:]
    for input in graph.inputs { fed[input.name] = Tensor(zeros: input.type.shape(batch: 2)) }
    _ = try model.predict(fed)
  }

  /// Numbers that are hard to bear.
  static let numbers = [
    "0", "1", "2", "3", "-1", "7", "16", "255", "256", "65536", "1048576", "2147483647",
    "2147483648", "4294967296", "1099511627776", "9223372036854775807", "1e30", "1e-30", "0.5",
    "[]", "[1]", "[2,3]", "null", "true", "{}", "\"x\"", "\"same\"",
  ]

  /// Replaces a number, a word or an element of the text, so that most of it stays sound.
  static func mutateTokens(_ bytes: inout [UInt8], _ random: inout RandomStream) {
    var tokens = Self.tokens(bytes)
    guard tokens.count > 2 else { return }
    let chosen = Int(random.next() % UInt64(tokens.count))
    let other = Int(random.next() % UInt64(tokens.count))
    let isNumber = tokens[chosen].first.map { (48...57).contains($0) || $0 == 45 } ?? false
    if isNumber || random.next() % 8 == 0 {
      tokens[chosen] = Array(
        numbers[Int(random.next() % UInt64(numbers.count))].utf8)
    } else if tokens[chosen].first == UInt8(ascii: "\""),
      tokens[other].first == UInt8(ascii: "\"")
    {
      tokens[chosen] = tokens[other]
    } else {
      switch random.next() % 3 {
      case 0: tokens.remove(at: chosen)
      case 1: tokens.swapAt(chosen, other)
      default: tokens.insert(tokens[other], at: chosen)
      }
    }
    bytes = tokens.flatMap { $0 }
  }

  /// Texts, numbers and words, and single bytes.
  private static func tokens(_ bytes: [UInt8]) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    var isQuoted = false
    var current: [UInt8] = []
    for byte in bytes {
      if isQuoted {
        current.append(byte)
        if byte == UInt8(ascii: "\"") {
          isQuoted = false
          tokens.append(current)
          current = []
        }
      } else if "{}[],:".utf8.contains(byte) || byte == UInt8(ascii: "\"") {
        if !current.isEmpty { tokens.append(current) }
        current = []
        if byte == UInt8(ascii: "\"") {
          isQuoted = true
          current = [byte]
        } else {
          tokens.append([byte])
        }
      } else {
        current.append(byte)
      }
    }
    if !current.isEmpty { tokens.append(current) }
    return tokens
  }
}
