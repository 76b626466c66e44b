public import Graphs
public import Tensors
public import Threads

/// A network with the values of its variables: what is trained, saved and asked for predictions.
///
///     var model = try Model(network, inputShape: [28, 28, 1], seed: 42)
///     let logits = try model(images)  // images: [n, 28, 28, 1]
///
/// A value: copies are independent, and share memory until one of them is changed. Several threads
/// may predict with one model at once.
public struct Model: Sendable {
  /// What the model computes.
  public let graph: Graph
  /// The threads that the model's kernels run on.
  public let engine: Engine
  /// What travels with the model: class names, and what a user adds.
  public var metadata = ModelMetadata()
  /// The values of the variables.
  package var parameters: ParameterStore
  private let plans = PlanCache()

  /// The most examples that a prediction runs at once; more are run one part after the other.
  public static let predictionBatchSize = 128

  /// Builds a model from a network of one input and one output.
  ///
  /// - Parameters:
  ///   - network: The layers.
  ///   - inputShape: The shape of one example: `[height, width, channels]` for images.
  ///   - seed: Decides the first values of the weights.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: `ShapeError` with every mistake in the network: the layer, what it expected, what it
  ///   was given and what to do; `MemoryError` if there is no memory for the weights.
  public init(
    _ network: some Layer, inputShape: Shape, seed: UInt64 = 0, engine: Engine = .shared
  ) throws {
    let input = ModelInput("input", shape: inputShape)
    try self.init(inputs: [input], seed: seed, engine: engine, layers: network) { inputs in
      [("output", network(inputs[0]))]
    }
  }

  /// Builds a model with several inputs or outputs.
  ///
  ///     let model = try Model(inputs: [ModelInput("left", shape: [8]), ModelInput("right", shape: [8])]) {
  ///       inputs in [("same", head(tower(inputs[0]) - tower(inputs[1])))]
  ///     }
  ///
  /// - Parameters:
  ///   - inputs: What is fed, one batch each.
  ///   - seed: Decides the first values of the weights.
  ///   - engine: The threads that the model's kernels run on.
  ///   - layers: A struct that holds the layers, from whose properties they get their names; without
  ///     it they are named by type and order.
  ///   - network: Calls the layers; gives the named outputs.
  /// - Throws: `ShapeError` with every mistake in the network.
  public init(
    inputs: [ModelInput], seed: UInt64 = 0, engine: Engine = .shared,
    layers: (any Layer)? = nil, _ network: ([Node]) -> [(String, Node)]
  ) throws {
    try self.init(
      graph: Self.traced(inputs: inputs, layers: layers, network), seed: seed, engine: engine)
  }

  /// The graph of a network of one input and one output, without a model's memory.
  package static func traced(_ network: some Layer, inputShape: Shape) throws -> Graph {
    try traced(inputs: [ModelInput("input", shape: inputShape)], layers: network) { inputs in
      [("output", network(inputs[0]))]
    }
  }

  private static func traced(
    inputs: [ModelInput], layers: (any Layer)?, _ network: ([Node]) -> [(String, Node)]
  ) throws -> Graph {
    let builder = GraphBuilder()
    if let layers { builder.setLabels(LayerPaths.labels(of: layers)) }
    let nodes = inputs.map { input in
      builder.placeholder(input.name, [.batch] + input.shape.dimensions.map(Dimension.fixed))
    }
    let graph = try builder.finish(outputs: network(nodes).map { (name: $0.0, node: $0.1) })
    let used = Set(graph.pruned().inputs.map(\.name))
    let unused = graph.inputs.filter { !used.contains($0.name) }
    guard unused.isEmpty else {
      throw ShapeError(
        problems: unused.map {
          "No output depends on the input '\($0.name)'; use it, or leave it out."
        })
    }
    return graph.pruned()
  }

  /// Builds a model from the nodes of a bare graph; what the outputs do not need is left out.
  ///
  /// - Parameters:
  ///   - outputs: The nodes that a prediction gives, by name.
  ///   - seed: Decides the first values of the variables.
  ///   - engine: The threads that the model's kernels run on.
  /// - Throws: `ShapeError` with every mistake in the graph.
  /// - Precondition: there is at least one output, and all are of one graph.
  public init(
    outputs: KeyValuePairs<String, Node>, seed: UInt64 = 0, engine: Engine = .shared
  ) throws {
    precondition(!outputs.isEmpty, "A model needs an output.")
    let builder = outputs[0].value.builder
    try self.init(
      graph: builder.finish(outputs: outputs.map { (name: $0.key, node: $0.value) }).pruned(),
      seed: seed, engine: engine)
  }

  /// Makes a model of a finished graph.
  ///
  /// - Throws: `MemoryError` if there is no memory for the values.
  package init(graph: Graph, seed: UInt64, engine: Engine = .shared) throws(MemoryError) {
    self.init(
      graph: graph, parameters: try ParameterStore(graph: graph, seed: seed), engine: engine)
  }

  /// Makes a model of a finished graph and the values of its variables.
  package init(graph: Graph, parameters: ParameterStore, engine: Engine = .shared) {
    self.graph = graph
    self.engine = engine
    self.parameters = parameters
  }

  /// The number of trainable parameters.
  public var parameterCount: Int { graph.parameterCount }

  /// Calls `body` with a plan for `batch` examples and memory of its own.
  ///
  /// - Throws: `MemoryError` if there is no memory for so many.
  func plansWithContext<Result>(
    batch: Int, _ body: (Plan, ExecutionContext) throws -> Result
  ) throws -> Result {
    try plans.withContext(
      graph: graph, parameters: parameters, batch: batch, engine: engine, body)
  }
}

/// An input of a model: a name and the shape of one example.
public struct ModelInput: Sendable, Hashable {
  /// The name under which the input is fed.
  public let name: String
  /// The shape of one example.
  public let shape: Shape
  /// Creates an input.
  public init(_ name: String, shape: Shape) {
    self.name = name
    self.shape = shape
  }
}

/// What travels with a model besides its graph and its values.
public struct ModelMetadata: Sendable, Hashable {
  /// The names of the classes, in the order of the outputs; nil where there are none.
  public var classNames: [String]?
  /// Where the network comes from: a preset's name, or what a user chose.
  public var name: String?
  /// How image files become the network's input, as `ImagePreparation` writes it; nil where nothing is
  /// known of it.
  public var imagePreparation: String?

  /// Creates empty metadata.
  public init(
    classNames: [String]? = nil, name: String? = nil, imagePreparation: String? = nil
  ) {
    self.classNames = classNames
    self.name = name
    self.imagePreparation = imagePreparation
  }
}
