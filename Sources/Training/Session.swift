public import Graphs
import Kernels
public import Layers
public import Tensors
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
  public private(set) var stepCount = 0
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
  ///   scalar; `MemoryError` if the memory is not there, with the largest batch that would fit;
  ///   `EngineError` in a forked child.
  public init(
    minimizing loss: Node, with optimizer: Optimizer, batchSize: Int, seed: UInt64 = 0,
    engine: Engine = .shared
  ) throws {
    try Engine.check()
    let graph = try loss.builder.finish(outputs: [(name: "loss", node: loss)])
    guard loss.type.rank == 0 else {
      throw TrainingError(
        "A loss must be one number; this node has the shape \(loss.type) (take its mean).")
    }
    guard (1...TrainingProgram.mostExamples).contains(batchSize) else {
      throw TrainingError(
        "A batch has 1 to \(TrainingProgram.mostExamples) examples, not \(batchSize).")
    }
    self.optimizer = optimizer
    self.model = try Model(graph: graph, seed: seed, engine: engine)
    let keptCount = (1 + optimizer.momentCount) * graph.layout.trainableCount
    self.plan = try Plan(
      fitting: graph,
      Plan.Request(
        outputs: [graph.outputs[0].node], loss: graph.outputs[0].node,
        trainedVariables: Set(graph.variables.indices.filter { graph.variables[$0].isTrainable }),
        maximumBatch: batchSize, threadCount: engine.team.threadCount, isTraining: true),
      purpose: "Training", besides: { _ in keptCount * 4 })
    self.context = try plan.makeContext(team: engine.team)
    self.gradients = try AlignedBuffer(count: graph.layout.trainableCount, for: "the gradients")
    self.moments = try optimizer.makeMoments(count: graph.layout.trainableCount)
    context.gradients = UnsafeMutableRawPointer(gradients.pointer)
    context.randomKey = RandomStream(seed: seed, purpose: .dropout).key
  }

  /// Makes one step with the given values of the placeholders.
  ///
  /// - Parameters:
  ///   - feeds: The numbers, by the placeholder's name; those that the loss does not need may be
  ///     left out.
  ///   - labels: The whole numbers, by the placeholder's name.
  /// - Returns: The loss before the step.
  /// - Throws: `TrainingError` if a placeholder is not fed, or fed a wrong shape; `EngineError` in a
  ///   forked child.
  @discardableResult
  public func step(_ feeds: [String: Tensor], labels: [String: [Int32]] = [:]) throws -> Float {
    try Engine.check()
    context.batch = try checkedBatch(feeds, labels)
    context.step = UInt64(stepCount)
    feed(feeds, labels, from: 0)
    stepCount += 1
    return context.floats(plan.outputs[0]).pointee
  }

  /// The placeholders that the loss needs.
  private var inputs: [(index: Int, endpoint: Graph.Endpoint)] {
    model.graph.inputs.enumerated().filter { plan.usesInput[$0.offset] }
      .map { (index: $0.offset, endpoint: $0.element) }
  }

  /// The number of examples that are fed.
  private func checkedBatch(
    _ feeds: [String: Tensor], _ labels: [String: [Int32]]
  ) throws -> Int {
    var batch: Int?
    for (_, input) in inputs {
      let isLabel = input.type.elementType == .int32
      let given =
        isLabel ? labels[input.name].map { Shape([$0.count]) } : feeds[input.name]?.shape
      guard let given else {
        throw TrainingError(
          "The placeholder '\(input.name)' was not fed\(isLabel ? " (labels: takes it)" : "").")
      }
      let rows = given.dimensions.first ?? 1
      let expected = input.type.shape(batch: rows)
      guard isLabel ? given.count == expected.count : given == expected else {
        throw TrainingError(
          "The placeholder '\(input.name)' expects \(input.type); it was fed \(given).")
      }
      guard input.type.isBatched else { continue }
      guard batch == nil || batch == rows, (1...plan.maximumBatch).contains(rows) else {
        throw TrainingError(
          "The placeholder '\(input.name)' was fed \(counted(rows, "example")); expected as many as the others, "
            + "from 1 to the \(plan.maximumBatch) that the session was made for.")
      }
      batch = rows
    }
    return batch ?? 1
  }

  /// Feeds the inputs one inside the other, so that all are in place while the plan runs.
  private func feed(
    _ feeds: [String: Tensor], _ labels: [String: [Int32]], from position: Int
  ) {
    let inputs = inputs
    guard position < inputs.count else {
      run()
      return
    }
    let (index, input) = inputs[position]
    if let values = labels[input.name], input.type.elementType == .int32 {
      values.withUnsafeBufferPointer { elements in
        if let base = elements.baseAddress { context.feed(base, toInput: index) }
        feed(feeds, labels, from: position + 1)
      }
    } else if let values = feeds[input.name] {
      values.withUnsafeElements { elements in
        if let base = elements.baseAddress { context.feed(base, toInput: index) }
        feed(feeds, labels, from: position + 1)
      }
    }
  }

  private func run() {
    let range = 0..<model.graph.layout.trainableCount
    model.parameters.withUnsafeMutablePointer { parameters in
      context.variables = UnsafeMutableRawPointer(parameters)
      plan.run(context)
      optimizer.update(
        step: stepCount, range: range, parameters: parameters,
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
  /// - Throws: `ShapeError` with every mistake in the graph; `VariableError` if the node needs a
  ///   variable that was made after the session.
  public func model(computing node: Node) throws -> Model {
    var result = try Model(outputs: ["output": node], engine: model.engine)
    for variable in result.variables {
      try result.setValue(model.value(of: variable.name), of: variable.name)
    }
    return result
  }
}
