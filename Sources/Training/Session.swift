public import Graphs
public import Layers
public import Tensors
import Kernels
public import Threads

/// A bare graph in training: feeds placeholders, minimises a loss, reads nodes.
///
///     let builder = GraphBuilder()
///     let x = builder.placeholder("x", [.batch, 1])
///     let y = builder.placeholder("y", [.batch, 1])
///     let w = builder.variable("w", shape: [1, 1], initializer: .zeros)
///     let loss = mean(square(matmul(x, w) - y))
///     let session = try Session(minimizing: loss, with: .sgd(learningRate: 0.1), batchSize: 4)
///     let value = try session.step(["x": …, "y": …])
public final class Session {
  /// The graph with the values of its variables; its one output is the loss.
  public private(set) var model: Model
  /// How many steps were made.
  public private(set) var step = 0
  private let optimizer: Optimizer
  private let plan: Plan
  private let context: ExecutionContext
  private let gradients: AlignedBuffer<Float>
  private let moments: [AlignedBuffer<Float>]

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - loss: The scalar to make small.
  ///   - optimizer: How gradients change the variables.
  ///   - batchSize: The most examples that a step feeds.
  ///   - seed: Decides the first values of the variables.
  ///   - engine: The threads that kernels run on.
  /// - Throws: `ShapeError` with every mistake in the graph; `TrainingError` if the loss is no
  ///   scalar.
  public init(
    minimizing loss: Node, with optimizer: Optimizer, batchSize: Int, seed: UInt64 = 0,
    engine: Engine = .shared
  ) throws {
    let graph = try loss.builder.finish(outputs: [(name: "loss", node: loss)])
    guard loss.type.rank == 0 else {
      throw TrainingError(
        "A loss must be one number; this node has the shape \(loss.type) (take its mean).")
    }
    self.optimizer = optimizer
    self.model = Model(graph: graph, seed: seed, engine: engine)
    self.plan = Plan(
      graph: graph,
      request: Plan.Request(
        outputs: [graph.outputs[0].node], loss: graph.outputs[0].node,
        trainedVariables: Set(graph.variables.indices.filter { graph.variables[$0].isTrainable }),
        maximumBatch: batchSize, threadCount: engine.team.threadCount, isTraining: true))
    self.context = plan.makeContext(team: engine.team)
    self.gradients = AlignedBuffer(count: graph.layout.trainableCount)
    self.moments = (0..<optimizer.momentCount).map { _ in
      AlignedBuffer(count: graph.layout.trainableCount)
    }
    context.gradients = UnsafeMutableRawPointer(gradients.pointer)
    context.randomKey = RandomStream(seed: seed, purpose: .dropout).key
  }

  /// Makes one step with the given values of the placeholders.
  ///
  /// - Returns: The loss before the step.
  /// - Throws: `TrainingError` if a placeholder is not fed, or fed a wrong shape.
  @discardableResult
  public func step(_ feeds: [String: Tensor]) throws -> Float {
    var batch = 1
    for input in model.graph.inputs {
      guard let value = feeds[input.name] else {
        throw TrainingError("The placeholder '\(input.name)' was not fed.")
      }
      let rows = value.shape.dimensions.first ?? 1
      guard value.shape == input.type.shape(batch: rows), input.type.elementType == .float32 else {
        throw TrainingError(
          "The placeholder '\(input.name)' expects \(input.type); it was fed \(value.shape).")
      }
      if input.type.isBatched { batch = rows }
    }
    for input in model.graph.inputs where input.type.isBatched {
      guard feeds[input.name]?.shape.dimensions.first == batch, batch <= plan.maximumBatch else {
        throw TrainingError(
          "The placeholders were fed different numbers of examples, or more than the "
            + "\(plan.maximumBatch) that the session was made for.")
      }
    }
    context.batch = batch
    context.step = UInt64(step)
    feed(feeds, from: 0)
    step += 1
    return context.floats(plan.outputs[0]).pointee
  }

  /// Feeds the inputs one inside the other, so that all are in place while the plan runs.
  private func feed(_ feeds: [String: Tensor], from index: Int) {
    let inputs = model.graph.inputs
    guard index < inputs.count else {
      run()
      return
    }
    guard let value = feeds[inputs[index].name] else {
      preconditionFailure("The feeds were checked.")
    }
    value.withUnsafeElements { elements in
      if let base = elements.baseAddress { context.feed(base, toInput: index) }
      feed(feeds, from: index + 1)
    }
  }

  private func run() {
    let range = 0..<model.graph.layout.trainableCount
    model.parameters.withUnsafeMutablePointer { parameters in
      context.variables = UnsafeMutableRawPointer(parameters)
      plan.run(context)
      optimizer.update(
        step: step, range: range, parameters: parameters,
        gradients: UnsafePointer(gradients.pointer), moments: moments, gradientScale: 1,
        team: context.team)
    }
  }

  /// The values of a variable.
  ///
  /// - Throws: `VariableError` if there is none of that name.
  public func value(of name: String) throws -> Tensor {
    try model.value(of: name)
  }

  /// Another node of the same graph as a model: the current values of the variables, and that node
  /// as the output.
  ///
  /// - Throws: `ShapeError` with every mistake in the graph.
  public func model(computing node: Node) throws -> Model {
    var result = try Model(outputs: ["output": node], engine: model.engine)
    for variable in result.variables {
      try result.setValue(model.value(of: variable.name), of: variable.name)
    }
    return result
  }
}
