import Needletail

extension OptionError {
  /// Does what may find that the data contradict an option; the error is then the option's.
  ///
  /// - Parameter input: The value of `--input`; nil where it was not given.
  static func blamingOptions<Result>(
    input: Shape? = nil, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as DatasetError {
      throw OptionError(blamedFor: error, input: input) ?? error
    }
  }

  /// An error of data as that of the option it comes from; nil if it comes from none.
  init?(blamedFor error: DatasetError, input: Shape?) {
    let shape = input?.dimensions.map(String.init).joined(separator: "x")
    if let shape, error.kind == .shape {
      self.init(
        "--input", expected: "the shape of \(error.place), \(error.found)", found: "'\(shape)'",
        advice: "images of this form keep their size: leave the option out")
      return
    }
    // What the library calls the arguments that these options become.
    if let shape, error.place == "size of images" {
      self.init("--input", expected: error.expected, found: "'\(shape)'", advice: error.advice)
      return
    }
    let option: String? =
      switch error.place {
      case "held-out fraction": "--validation"
      case "augmentation": "--augment"
      case "split": "--split"
      default: nil
      }
    guard let option else { return nil }
    self.init(option, expected: error.expected, found: error.found, advice: error.advice)
  }
}

extension NetworkSource {
  /// Builds the model of a command that takes `--input`.
  ///
  /// - Throws: What `model(inputShape:)` throws; ``OptionError`` if a preset does not fit the option.
  func model(
    input: Shape?, classCount: Int? = nil, seed: UInt64 = 0, engine: Engine
  ) throws -> Model {
    do {
      return try model(inputShape: input, classCount: classCount, seed: seed, engine: engine)
    } catch let error as NetworkSourceError where error.kind == .misfit {
      if case .preset = self, input != nil { throw OptionError("--input", cause: error) }
      throw error
    }
  }
}
