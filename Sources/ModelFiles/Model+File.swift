public import Foundation
import Graphs
public import Layers
import Tensors
public import Threads

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Model {
  /// Writes the model as one safetensors file, in place of one that is there; see ``AtomicFile``.
  ///
  /// The file holds the values of all variables as F32 under their names and, as metadata, the
  /// network's graph, the names of the classes and the model's name. Nothing else: the same model
  /// gives the same bytes, and whoever reads the file gets every value back bit for bit. Other
  /// programs read it as they read any safetensors file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - writing: Whether at every moment a complete file is there.
  /// - Throws: ``ModelFileError`` where the file cannot be written or the network has a part that a
  ///   file cannot hold, such as a constant that is not finite; an old file is then as it was.
  public func save(to url: URL, writing: FileWriting = .atomic) throws(ModelFileError) {
    try writer().write(to: path(of: url), writing: writing)
  }

  /// The bytes of the model's file; see ``save(to:writing:)``.
  ///
  /// - Throws: ``ModelFileError`` where the network has a part that a file cannot hold.
  public func fileBytes() throws(ModelFileError) -> [UInt8] {
    try writer().bytes()
  }

  /// Reads a model that ``save(to:writing:)`` wrote.
  ///
  /// Every part of the file is checked before it is used; nothing in it is executed. Memory for
  /// values is taken only after the file has been seen to hold all of them.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: ``ModelFileError`` where the file cannot be read, holds no network, or holds values
  ///   other than those of its network, or NaN or infinity among them.
  public init(contentsOf url: URL, engine: Engine = .shared) throws(ModelFileError) {
    try self.init(file: SafetensorsFile(path: path(of: url)), engine: engine)
  }

  /// Reads a model from the bytes of its file; see ``init(contentsOf:engine:)``.
  ///
  /// - Parameters:
  ///   - bytes: The bytes.
  ///   - name: What error messages call them.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: ``ModelFileError`` where the bytes are not those of a model.
  public init(
    fileBytes bytes: [UInt8], name: String = "model data", engine: Engine = .shared
  ) throws(ModelFileError) {
    try self.init(file: SafetensorsFile(bytes: bytes, name: name), engine: engine)
  }

  private init(file: SafetensorsFile, engine: Engine) throws(ModelFileError) {
    let description = try ModelDescription(file)
    let graph = description.graph
    var differences = ValueDifferences(between: graph.variables, and: file)
    if file.metadata[ModelDescription.checkpointKey] != nil {
      differences.allowUnexpected(withPrefix: Model.checkpointPrefix)
    }
    guard differences.isEmpty else {
      throw differences.error(
        file: file.path,
        advice: "The file contradicts itself; save the model again.")
    }
    try file.checkFinite(graph.variables)
    var parameters: ParameterStore
    do {
      parameters = try ParameterStore(zerosFor: graph)
    } catch {
      throw ModelFileError(
        file: file.path, expected: "\(error.byteCount) bytes of memory for its values",
        found: "less", advice: "Use a machine with more memory.", systemError: ENOMEM)
    }
    try parameters.fill(graph, from: file)
    self.init(graph: graph, parameters: parameters, engine: engine)
    metadata = description.metadata
  }

  /// How many bytes the model's file has.
  ///
  /// - Throws: ``ModelFileError`` where the network has a part that a file cannot hold.
  package func fileByteCount() throws(ModelFileError) -> Int { try writer().byteCount() }

  /// The names of what a checkpoint holds besides the model start with this.
  package static let checkpointPrefix = "needletail."

  /// A writer of the model's file to which a checkpoint adds what training remembers, in tensors
  /// whose names start with ``checkpointPrefix``: so a checkpoint is a model that can be used.
  ///
  /// - Parameter description: What the checkpoint says of itself, in JSON.
  /// - Throws: ``ModelFileError`` where the network has a part that a file cannot hold.
  package func checkpointWriter(
    description: JSONValue
  ) throws(ModelFileError) -> SafetensorsWriter {
    var writer = try writer()
    writer.metadata[ModelDescription.checkpointKey] = description.canonicalText
    writer.isChecksummed = true
    return writer
  }

  private func writer() throws(ModelFileError) -> SafetensorsWriter {
    var writer = SafetensorsWriter(
      metadata: try ModelDescription(graph: graph, metadata: metadata).texts())
    for (index, variable) in graph.variables.enumerated() {
      try writer.add(variable.name, values(at: index))
    }
    return writer
  }

  private func values(at index: Int) -> Tensor {
    let shape = graph.variables[index].shape
    return parameters.withUnsafePointer { values in
      Tensor(
        shape: shape,
        UnsafeBufferPointer(start: values + graph.layout.offsets[index], count: shape.count))
    }
  }
}

/// The path that a URL names.
func path(of url: URL) throws(ModelFileError) -> String {
  guard url.isFileURL else {
    throw ModelFileError(
      file: url.absoluteString, expected: "a URL of a file", found: "another",
      advice: "Fetch the file first, and give URL(filePath:) of it.")
  }
  return url.path
}
