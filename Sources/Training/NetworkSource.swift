import FilePaths
import Foundation
import Graphs
public import Layers
import ModelFiles
public import Tensors
public import Threads

/// Where the network of a training comes from.
public enum NetworkSource: Sendable, Hashable, CustomStringConvertible {
  /// A preset.
  case preset(Preset)
  /// The path of a network file, YAML or JSON.
  case file(String)

  /// Reads a name, if it is one.
  ///
  /// - Parameter name: A preset's name, or the path of a file that ends in `.yaml`, `.yml` or `.json`.
  public init?(named name: String) {
    if let preset = Preset(rawValue: name) {
      self = .preset(preset)
    } else if [".yaml", ".yml", ".json"].contains(where: name.lowercased().hasSuffix) {
      self = .file(name)
    } else {
      return nil
    }
  }

  /// Reads a name.
  ///
  /// - Parameter name: A preset's name, or the path of a file that ends in `.yaml`, `.yml` or `.json`.
  /// - Throws: ``NetworkSourceError`` for other names.
  public init(_ name: String) throws(NetworkSourceError) {
    guard let source = NetworkSource(named: name) else {
      throw NetworkSourceError(
        .unknownName,
        "expected a preset (\(presetNames(Preset.allCases))) or the path of a network file that ends "
          + "in .yaml, .yml or .json; found '\(name)'")
    }
    self = source
  }

  /// The name that it is read from.
  public var description: String {
    switch self {
    case .preset(let preset): preset.rawValue
    case .file(let path): path
    }
  }

  /// Builds a model of examples of the given shape.
  ///
  /// - Parameters:
  ///   - inputShape: The shape of one example; by default the preset's or the file's own.
  ///   - classCount: The number of logits. By default a preset's own; a network file has the output that
  ///     it describes, whatever that is, and its word `classes` stands for 10.
  ///   - maximumPixel: The value of a raw pixel that becomes 1 in a preset; a network file says itself
  ///     how it scales.
  ///   - seed: Decides the first values of the weights.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: ``NetworkSourceError`` if the network does not fit the examples, or its output is not
  ///   as wide as the classes that are asked for; what reading a network file throws.
  public func model(
    inputShape: Shape? = nil, classCount: Int? = nil,
    maximumPixel: Float = Preset.defaultMaximumPixel,
    seed: UInt64 = 0, engine: Engine = .shared
  ) throws -> Model {
    switch self {
    case .preset(let preset):
      let inputShape = inputShape ?? preset.defaultInputShape
      let network = preset.network(
        inputShape: inputShape, classCount: classCount, maximumPixel: maximumPixel)
      do {
        var model = try Model(network, inputShape: inputShape, seed: seed, engine: engine)
        model.metadata.name = preset.rawValue
        return model
      } catch let error as ShapeError {
        let fitting = Preset.fitting(inputShape: inputShape, classCount: classCount)
        throw NetworkSourceError(
          .misfit,
          "The preset \(preset.rawValue) does not fit examples of the shape \(inputShape); those that "
            + "do are \(presetNames(fitting)). \(error.problems.first ?? "")")
      }
    case .file(let path):
      let model = try Self.readingFile(path) {
        try NetworkFile(contentsOf: URL(pathText: path)).model(
          inputShape: inputShape, classCount: classCount ?? Self.fileClassCount, seed: seed,
          engine: engine)
      }
      guard let classCount else { return model }
      let found = try model.classCount()
      guard found == classCount else {
        throw NetworkSourceError(
          .misfit,
          "\(path): expected an output of \(counted(classCount, "number")), one for each class, "
            + "found \(found); change the last layer.")
      }
      return model
    }
  }

  /// What `classes` stands for in a network file where nothing else is said.
  private static let fileClassCount = 10

  /// Tells mistakes in a network file from files that cannot be read.
  static func readingFile<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as ModelFileError where error.systemError == nil {
      throw NetworkSourceError(.invalidFile, error.description)
    } catch let error as ShapeError {
      throw NetworkSourceError(.invalidFile, "\(path): \(error)")
    }
  }
}

/// Why there is no network of that name for those examples.
public struct NetworkSourceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of trouble.
  public enum Kind: Sendable, Hashable {
    /// The name is no preset's and no file's.
    case unknownName
    /// The network file holds a mistake.
    case invalidFile
    /// The network does not fit the examples or their classes.
    case misfit
  }

  /// The kind of trouble.
  public let kind: Kind
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

private func presetNames(_ presets: [Preset]) -> String {
  presets.map(\.rawValue).joined(separator: ", ")
}
