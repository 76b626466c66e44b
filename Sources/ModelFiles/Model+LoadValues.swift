public import Foundation
import Graphs
public import Layers
import Tensors

/// How a file of values may differ from the network that they are loaded into.
public struct AllowedDifferences: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int

  /// Creates a set from its bits.
  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// Variables that the file has no values of keep theirs.
  public static let missing = AllowedDifferences(rawValue: 1)
  /// Tensors of the file that the network has no variable for are passed over.
  public static let unexpected = AllowedDifferences(rawValue: 2)
  /// Values may be NaN or infinite: those of a training that diverged, to be looked at.
  public static let notFinite = AllowedDifferences(rawValue: 4)
}

/// What was loaded into a model, by the names of variables and tensors.
public struct LoadedValues: Sendable, Hashable {
  /// The variables that got values, in the order of the network.
  public let loaded: [String]
  /// The variables that kept their values, in the order of the network.
  public let missing: [String]
  /// The tensors that were passed over, in the order of the file.
  public let unexpected: [String]
}

extension Model {
  /// Loads the values of the model's variables from a safetensors file: a model's, or one of
  /// values only.
  ///
  /// Numbers of 16 and 64 bits are converted. NaN and infinity are refused: one of them in a weight
  /// makes every prediction one. Either everything is loaded, or the model stays as
  /// it was. The file's network and metadata, if it has any, are not looked at.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - allowed: What the file may lack, or have besides. Shapes must always agree.
  /// - Returns: What was loaded and what was not.
  /// - Throws: ``ModelFileError`` where the file cannot be read, with the name of each variable and
  ///   tensor where they are not those of the network, with the first value that is not finite.
  @discardableResult
  public mutating func loadValues(
    from url: URL, allowing allowed: AllowedDifferences = []
  ) throws(ModelFileError) -> LoadedValues {
    try loadValues(from: SafetensorsFile(path: path(of: url)), allowing: allowed)
  }

  /// Loads the values of the model's variables from an open file; see
  /// ``loadValues(from:allowing:)-(URL,_)``.
  ///
  /// - Throws: ``ModelFileError`` with the name of each variable and tensor where they are not those
  ///   of the network, with the first value that is not finite.
  @discardableResult
  public mutating func loadValues(
    from file: SafetensorsFile, allowing allowed: AllowedDifferences = []
  ) throws(ModelFileError) -> LoadedValues {
    let differences = ValueDifferences(between: graph.variables, and: file)
    var forbidden = differences
    forbidden.allow(allowed)
    guard forbidden.isEmpty else {
      throw forbidden.error(
        file: file.path,
        advice: forbidden.mismatched.isEmpty
          ? "Load a file of this network, or allow the difference with allowing:."
          : "Load a file of this network.")
    }
    if !allowed.contains(.notFinite) { try file.checkFinite(graph.variables) }
    try parameters.fill(graph, from: file)
    let missing = differences.missing.map(\.name)
    let kept = Set(missing)
    return LoadedValues(
      loaded: graph.variables.map(\.name).filter { !kept.contains($0) }, missing: missing,
      unexpected: differences.unexpected.map(\.name))
  }
}

extension ParameterStore {
  /// Copies the tensors of a file that has been compared with the variables; those without a
  /// tensor stay.
  mutating func fill(_ graph: Graph, from file: SafetensorsFile) throws(ModelFileError) {
    var failure: ModelFileError?
    withUnsafeMutablePointer { values in
      for (index, variable) in graph.variables.enumerated() where file[variable.name] != nil {
        do throws(ModelFileError) {
          try file.copyFloats(
            named: variable.name, shape: variable.shape,
            to: UnsafeMutableBufferPointer(
              start: values + graph.layout.offsets[index], count: variable.shape.count))
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
  }
}
