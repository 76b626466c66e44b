/// A text that describes a network: what error messages call it, and what they advise.
struct DescriptionSource: Sendable {
  /// The file's path, or what the text is called.
  let file: String
  /// What to do about an error of which nothing better is known.
  let advice: String

  /// A network file, which somebody wrote.
  static func networkFile(_ file: String) -> DescriptionSource {
    DescriptionSource(
      file: file,
      advice: "Correct the description; docs/network-files.md says what may stand in it."
    )
  }

  /// The configuration in a model file, which a program wrote.
  static func modelFile(_ file: String) -> DescriptionSource {
    DescriptionSource(
      file: file,
      advice: "The file is damaged or was made by another program; save the model again.")
  }

  /// An error at a place of the text.
  func error(
    at position: DescribedValue.TextPosition? = nil, expected: String, found: String,
    advice: String? = nil
  ) -> ModelFileError {
    ModelFileError(
      file: file,
      location: position.map { .text(line: $0.line, column: $0.column) } ?? .file,
      expected: expected, found: found, advice: advice ?? self.advice)
  }
}
