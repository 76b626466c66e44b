import Graphs
import Layers

/// What a model file says besides values: the metadata of safetensors, which are texts under names.
struct ModelDescription {
  static let networkKey = "needletail.network"
  private static let classNamesKey = "needletail.class_names"
  private static let nameKey = "needletail.name"
  private static let imagesKey = "needletail.images"
  /// What a checkpoint says besides the model; see ``Model/checkpointWriter()``.
  static let checkpointKey = "needletail.checkpoint"
  private static let prefix = "needletail."
  private static let mostClassNameBytes = 16 << 20

  let graph: Graph
  let metadata: ModelMetadata

  init(graph: Graph, metadata: ModelMetadata) {
    self.graph = graph
    self.metadata = metadata
  }

  /// The metadata of a file; parts that are not there are left out.
  func texts() throws(ModelFileError) -> [String: String] {
    var texts = [Self.networkKey: try NetworkConfiguration.text(of: graph)]
    texts[Self.nameKey] = metadata.name
    texts[Self.imagesKey] = metadata.imagePreparation
    texts[Self.classNamesKey] = metadata.classNames.map { names in
      JSONValue.array(names.map { .string($0) }).canonicalText
    }
    return texts
  }

  /// Reads the metadata of a file.
  ///
  /// Names of other programs are passed over; one of ours that this version does not know is an
  /// error, for it may change what the model means.
  init(_ file: SafetensorsFile) throws(ModelFileError) {
    let known = [
      Self.networkKey, Self.classNamesKey, Self.nameKey, Self.imagesKey, Self.checkpointKey,
      SafetensorsChecksum.key,
    ]
    let unknown = file.metadata.keys.filter { $0.hasPrefix(Self.prefix) && !known.contains($0) }
    if let name = unknown.min(by: precedes) {
      throw ModelFileError(
        file: file.path, expected: "no metadata of ours but \(known.joined(separator: ", "))",
        found: quoted(name),
        advice: "If the file was made by a newer version, update Needletail.")
    }
    guard let text = file.metadata[Self.networkKey] else {
      throw ModelFileError(
        file: file.path, expected: "a model: values and the network they belong to",
        found: "values only (\(file.tensors.count) tensors, no metadata \(Self.networkKey))",
        advice: "Build the network, and load the values into it with loadValues(from:).")
    }
    graph = try NetworkConfiguration.graph(text: text, file: file.path)
    metadata = ModelMetadata(
      classNames: try file.metadata[Self.classNamesKey].map { (text) throws(ModelFileError) in
        try Self.classNames(text, file: file.path)
      }, name: file.metadata[Self.nameKey], imagePreparation: file.metadata[Self.imagesKey])
  }

  private static func classNames(_ text: String, file: String) throws(ModelFileError) -> [String] {
    let source = DescriptionSource.modelFile(file)
    let bytes = Array(text.utf8)
    guard bytes.count <= mostClassNameBytes else {
      throw source.error(
        expected: "names of classes of at most \(mostClassNameBytes) bytes",
        found: "\(bytes.count)")
    }
    let value: DescribedValue
    do {
      value = try DescribedValue(json: bytes)
    } catch {
      throw source.error(
        expected: "names of classes in JSON with \(error.expected) at byte \(error.offset)",
        found: error.found)
    }
    let field = DescribedField(value: value, path: classNamesKey, source: source)
    var names: [String] = []
    for element in try field.elements("to be a list of texts") {
      guard case .string(let name) = element.value.content else {
        throw element.error("to be a text")
      }
      names.append(name)
    }
    return names
  }
}
