public import Foundation
public import Graphs
public import Layers
public import Tensors
public import Threads

/// A network that is written in YAML or JSON: layers one after the other, or a whole graph.
///
///     input: [28, 28, 1]     # may be left out: the data decides
///     layers:
///       - Rescale: 1/255
///       - Conv2D: {outputChannels: 32, kernelSize: 3, activation: relu}
///       - MaxPool2D
///       - Flatten
///       - Dense: classes     # as many as the data has classes
///
/// Layers and their arguments have the names and defaults of the Swift initializers. A text with
/// `nodes:` in place of `layers:` is a graph in the schema of model files. `docs/network-files.md`
/// lists both. Nothing in a text is executed; aliases and tags of YAML are refused, and a text has
/// at most 1 MB.
public struct NetworkFile: Sendable {
  private enum Content: Sendable {
    /// The layers, and the checked shape of an example.
    case layers(DescribedField)
    case graph(Graph)
  }

  /// The file's path, or what the text is called.
  public let file: String
  /// The shape of one example, where the file states it; of a graph, where it has one input.
  public let inputShape: Shape?
  private let content: Content

  /// Reads a file.
  ///
  /// - Throws: ``ModelFileError`` with line and column, what was expected and what was found.
  public init(contentsOf url: URL) throws(ModelFileError) {
    let path = try path(of: url)
    try self.init(text: Self.text(path: path), name: path)
  }

  /// Reads a text.
  ///
  /// - Parameters:
  ///   - text: YAML or JSON.
  ///   - name: What error messages call it.
  /// - Throws: ``ModelFileError`` with line and column, what was expected and what was found.
  public init(text: String, name: String = "network description") throws(ModelFileError) {
    let source = DescriptionSource.networkFile(name)
    let value = try DescribedValue(yaml: text, source: source)
    let root = DescribedField(value: value, path: "", source: source)
    file = name
    if case .object(let members) = value.content, members.contains(where: { $0.key == "nodes" }) {
      let graph = try NetworkConfiguration.graph(describedBy: root)
      content = .graph(graph)
      inputShape = graph.inputs.count == 1 ? graph.inputs[0].type.fixedShape : nil
      return
    }
    let object = try root.object("to be a network: input: and layers:")
    try GraphReader.checkFormat(object)
    inputShape = try object.optional("input").map { (field) throws(ModelFileError) in
      try field.exampleShape()
    }
    let layers = try object.required("layers", "a list of layers")
    try object.finish()
    content = .layers(layers)
    // Whatever is wrong is found now, and not when the data is known.
    _ = try LayerList.layers(layers, classCount: 1)
  }

  /// The graph, where the file describes one; nil where it lists layers.
  public var graph: Graph? {
    if case .graph(let graph) = content { graph } else { nil }
  }

  /// The layers, new ones with each call.
  ///
  /// - Parameter classCount: What `classes` stands for.
  /// - Throws: ``ModelFileError`` where the file describes a graph.
  /// - Precondition: there is at least one class.
  public func network(classCount: Int) throws(ModelFileError) -> Sequential {
    precondition(classCount >= 1, "A network needs a class.")
    switch content {
    case .layers(let field):
      return Sequential(try LayerList.layers(field, classCount: classCount))
    case .graph:
      throw ModelFileError(
        file: file, expected: "layers", found: "a graph (nodes)",
        advice: "Make a model of it with model(inputShape:classCount:seed:engine:).")
    }
  }

  /// A model of the network, with first values drawn.
  ///
  /// - Parameters:
  ///   - inputShape: The shape of the data's examples; must agree with the file's, where that
  ///     states one. nil takes the file's.
  ///   - classCount: What `classes` stands for. A graph has its own outputs.
  ///   - seed: Decides the first values of the weights.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: ``ModelFileError`` where no shape of an example is known, the two do not agree, or
  ///   the weights have more than 2³¹ numbers; `ShapeError` where layers do not fit each other;
  ///   `MemoryError` where there is no memory for the weights.
  public func model(
    inputShape: Shape? = nil, classCount: Int, seed: UInt64 = 0, engine: Engine = .shared
  ) throws -> Model {
    if let stated = self.inputShape, let inputShape, stated != inputShape {
      throw ModelFileError(
        file: file, expected: "examples of shape \(stated)", found: "\(inputShape)",
        advice: "Change or leave out the file's input:, or give it other data.")
    }
    let graph: Graph
    if let described = self.graph {
      graph = described
    } else {
      guard let shape = inputShape ?? self.inputShape else {
        throw ModelFileError(
          file: file, expected: "the shape of an example", found: "none",
          advice: "Add it to the file, such as input: [28, 28, 1], or give it (--input 28x28x1; "
            + "inputShape in Swift).")
      }
      graph = try Model.traced(network(classCount: classCount), inputShape: shape)
    }
    var count = 0
    for variable in graph.variables {
      let (sum, overflows) = count.addingReportingOverflow(variable.shape.checkedCount ?? .max)
      guard !overflows, sum <= NetworkConfiguration.maximumVariableCount else {
        throw ModelFileError(
          file: file,
          expected: "weights of at most \(NetworkConfiguration.maximumVariableCount) numbers",
          found: "more (\(quoted(variable.name)) has the shape \(variable.shape))",
          advice: "Make the layers smaller.")
      }
      count = sum
    }
    return try Model(graph: graph, seed: seed, engine: engine)
  }

  private static func text(path: String) throws(ModelFileError) -> String {
    let file = try OpenFile(path: path)
    let source = DescriptionSource.networkFile(path)
    guard file.count <= DescribedValue.maximumTextSize else {
      throw source.error(
        expected: "a description of at most \(DescribedValue.maximumTextSize) bytes",
        found: "\(file.count)")
    }
    guard
      let contents = try FileContents(
        count: file.count,
        fill: { (buffer) throws(ModelFileError) in try file.read(into: buffer) })
    else {
      throw source.error(expected: "\(file.count) bytes of memory", found: "less")
    }
    defer { withExtendedLifetime(contents) {} }
    guard let text = String(validating: contents.bytes, as: UTF8.self) else {
      throw source.error(
        expected: "a text in UTF-8", found: "other bytes", advice: "Save the file as UTF-8.")
    }
    return text
  }
}
