/// The worked examples of common introductions, as programs: `swift run -c release examples xor`.
@main
enum Examples {
  static let all: [(name: String, about: String, run: @Sendable () throws -> Void)] = [
    ("xor", "a small multi-layer perceptron learns exclusive or", xor),
    ("regression", "placeholders, variables and gradient descent, without layers", regression),
    ("feed-forward", "a network written as a struct, on the embedded digits", feedForward),
    ("convolutional", "a convolutional network as a struct, on made-up images", convolutional),
    ("mnist", "the convolutional network of many introductions: mnist FOLDER [EPOCHS]", mnist),
  ]

  static func main() {
    let wanted = CommandLine.arguments.dropFirst().first
    guard let example = all.first(where: { $0.name == wanted }) else {
      print("usage: examples NAME")
      for example in all { print("  \(example.name): \(example.about)") }
      return
    }
    do {
      try example.run()
    } catch {
      print("\(example.name): \(error)")
    }
  }
}
