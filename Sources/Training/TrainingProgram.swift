import Datasets
package import Graphs
import Layers
import Tensors
import Threads

/// A model's graph with a loss, compiled for training or evaluation, with the memory that its runs
/// need.
package final class TrainingProgram {
  let graph: Graph
  package let plan: Plan
  package let context: ExecutionContext
  /// The gradients of the variables, laid out as the variables are; empty without training.
  let gradients: AlignedBuffer<Float>
  /// The weights as an evaluation uses them; empty in training, where they change with every step.
  private let prepared: AlignedBuffer<Float>
  let outputType: NodeType
  /// For each input of the graph, which field of a batch feeds it.
  private let fieldOfInput: [Int]
  private let fields: [BatchField]
  private let targetField: Int

  /// Compiles a model with a loss and takes the memory.
  ///
  /// - Parameters:
  ///   - mayBeSmaller: Whether to settle for smaller batches where the memory for `maximumBatch` is not
  ///     there; then the plan says for which.
  ///   - momentCount: How many numbers an optimizer remembers of each parameter.
  ///   - besides: What the caller is going to take besides for batches of a size.
  init(
    model: Model, loss: Loss, fields: [BatchField], maximumBatch: Int, isTraining: Bool,
    mayBeSmaller: Bool = false, momentCount: Int = 0, besides: (_ batch: Int) -> Int = { _ in 0 }
  ) throws {
    try Engine.check()
    guard (1...Self.mostExamples).contains(maximumBatch) else {
      throw TrainingError(
        "A batch has 1 to \(Self.mostExamples) examples, not \(maximumBatch).")
    }
    let graph = try Self.traced(model, loss, fields)
    self.fieldOfInput = try graph.inputs.map { try Self.field(for: $0, among: fields) }
    self.graph = graph
    self.fields = fields
    self.targetField = fields.firstIndex { $0.name == "target" } ?? 0
    self.outputType = graph.outputs[0].type
    // Before anything is counted: their stacks, too, take addresses.
    _ = model.engine.threadCount
    // The parameters once more: the first step copies them if another model shares them.
    let keptCount = graph.layout.count + (1 + momentCount) * graph.layout.trainableCount
    self.plan = try Plan(
      fitting: graph,
      Self.request(graph, model, maximumBatch: maximumBatch, isTraining: isTraining),
      mayBeSmaller: mayBeSmaller, purpose: isTraining ? "Training" : "Evaluation",
      besides: { besides($0) + (isTraining ? keptCount * 4 : 0) })
    self.context = try plan.makeContext(team: model.engine.team)
    self.gradients = try AlignedBuffer(
      count: isTraining ? graph.layout.trainableCount : 0, for: "the gradients")
    self.prepared = try AlignedBuffer(
      count: plan.preparedByteCount / 4, for: "the weights, prepared for kernels")
    context.gradients = UnsafeMutableRawPointer(gradients.pointer)
    context.prepared = UnsafeMutableRawPointer(prepared.pointer)
  }

  /// A model's graph with the loss behind its first output.
  static func traced(_ model: Model, _ loss: Loss, _ fields: [BatchField]) throws -> Graph {
    guard let output = model.graph.outputs.first else {
      throw TrainingError("The model has no output to train.")
    }
    guard let target = fields.first(where: { $0.name == "target" }) else {
      throw TrainingError(
        "The data set has no field 'target' to learn; it has "
          + "\(fields.map(\.name).joined(separator: ", ")).")
    }
    if let fixed = (model.graph.inputs + [output]).first(where: { !$0.type.isBatched }) {
      throw TrainingError(
        "'\(fixed.name)' has the shape \(fixed.type), without a leading batch: such a model cannot "
          + "learn from a data set (train it with a Session).")
    }
    let builder = GraphBuilder(extending: model.graph)
    let prediction = builder.node(at: output.node)
    try Self.check(loss, against: model.graph, output: output)
    let lossNode = loss.trace(prediction, targetType: target.elementType)
    return try builder.finish(
      outputs: [(name: output.name, node: prediction), (name: "loss", node: lossNode)])
  }

  /// What such a graph is compiled for.
  static func request(
    _ graph: Graph, _ model: Model, maximumBatch: Int, isTraining: Bool
  ) -> Plan.Request {
    Plan.Request(
      outputs: graph.outputs.map(\.node), loss: isTraining ? graph.outputs[1].node : nil,
      trainedVariables: Set(graph.variables.indices.filter { graph.variables[$0].isTrainable }),
      maximumBatch: maximumBatch, threadCount: model.engine.team.threadCount,
      isTraining: isTraining, keepsPreparedWeights: !isTraining,
      convolution: model.engine.convolution)
  }

  /// The most examples in a batch.
  static let mostExamples = 1 << 24

  /// The first output of the last run.
  var outputs: UnsafePointer<Float> { UnsafePointer(context.floats(plan.outputs[0])) }

  /// The loss of the last run.
  var loss: Float { context.floats(plan.outputs[1]).pointee }

  /// Whether batches of these fields can be run.
  func accepts(_ batch: Batch) -> Bool {
    batch.fields == fields && batch.count <= plan.maximumBatch
  }

  /// Makes an evaluation ready for these values of the variables.
  func prepare(variables: UnsafeMutablePointer<Float>) {
    context.variables = UnsafeMutableRawPointer(variables)
    plan.prepare(context)
  }

  /// Runs the plan on a batch: in an evaluation, with the variables that it was prepared for.
  func run(_ batch: Batch, variables: UnsafeMutablePointer<Float>) {
    feed(batch, variables: variables)
    plan.run(context)
  }

  /// Sets what the next run of the plan reads and writes.
  func feed(_ batch: Batch, variables: UnsafeMutablePointer<Float>) {
    for (input, field) in fieldOfInput.enumerated() {
      switch fields[field].elementType {
      case .float32: context.feed(batch.floats(field), toInput: input)
      case .int32: context.feed(batch.integers(field), toInput: input)
      }
    }
    context.batch = batch.count
    context.variables = UnsafeMutableRawPointer(variables)
  }

  /// The sum of a metric over the examples of the last run, whose batch this is.
  func sum(of metric: Metric, _ batch: Batch) -> Double {
    let columns = outputType.dimensions.last?.fixedValue ?? 1
    let rows = outputType.count(batch: batch.count) / max(columns, 1)
    let perExample = Double(rows) / Double(max(batch.count, 1))
    let isLabel = fields[targetField].elementType == .int32
    return metric.sum(
      rows: rows, columns: columns, outputs: outputs,
      labels: isLabel ? UnsafePointer(batch.integers(targetField)) : nil,
      targets: isLabel ? nil : UnsafePointer(batch.floats(targetField))) / max(perExample, 1)
  }

  /// The labels of a batch, where targets are labels.
  func labels(_ batch: Batch) -> UnsafePointer<Int32>? {
    fields[targetField].elementType == .int32 ? UnsafePointer(batch.integers(targetField)) : nil
  }

  private static func field(
    for input: Graph.Endpoint, among fields: [BatchField]
  ) throws -> Int {
    guard let index = fields.firstIndex(where: { $0.name == input.name }) else {
      throw TrainingError(
        "The model's input '\(input.name)' has no field of that name in the data set, which has "
          + "\(fields.map(\.name).joined(separator: ", ")).")
    }
    let field = fields[index]
    guard field.elementType == input.type.elementType else {
      throw TrainingError(
        "'\(input.name)' expects \(input.type.elementType.rawValue); the data set gives "
          + "\(field.elementType.rawValue).")
    }
    // Labels may come as [1]; targets of one number as [].
    guard
      field.exampleShape == input.type.fixedShape
        || (input.name == "target" && field.exampleShape.count == input.type.fixedShape.count
          && field.exampleShape.count == 1)
    else {
      throw TrainingError(
        "'\(input.name)' expects examples of shape \(input.type.fixedShape); the data set gives "
          + "\(field.exampleShape) (build the model for the data's shape, or convert the data).")
    }
    return index
  }

  private static func check(_ loss: Loss, against graph: Graph, output: Graph.Endpoint) throws {
    guard let implied = loss.impliedActivation,
      let found = graph.activation(producing: output),
      found == implied
        || (implied == .softmax && found == .logSoftmax)
    else { return }
    throw TrainingError(
      "The network ends in \(found.name), which this loss applies itself: leave the last activation "
        + "out and let the network give logits.")
  }
}
