import Datasets
import Graphs
public import Layers
public import Threads
import Training

/// The times of one layer in a training step.
public struct LayerTimes: Sendable, Hashable {
  /// Where the layer is in the network; the name of the operation where no layer traced it.
  public let path: String
  /// The layer's type.
  public let kind: String
  /// How the layer's convolution is computed; nil if it has none.
  public let convolution: ConvolutionAlgorithm?
  /// Seconds of the forward pass in a step.
  public let forward: SampleStatistics
  /// Seconds of the backward pass in a step.
  public let backward: SampleStatistics
  /// Floating-point operations of the forward pass by the direct count; zero without a convolution
  /// or a matrix product.
  public let forwardOperations: Double
  /// Those of the gradients that are computed: of the weights, and of the layer's input where it is
  /// wanted.
  public let backwardOperations: Double
}

/// Where the time of training steps goes.
public struct LayerReport: Sendable, Hashable {
  /// How many steps were measured.
  public let stepCount: Int
  /// Examples in a step.
  public let batch: Int
  /// The layers in the order in which they run.
  public let layers: [LayerTimes]
  /// Seconds of the optimizer's update.
  public let optimizer: SampleStatistics
  /// Seconds of a whole step.
  public let step: SampleStatistics

  /// Seconds of what is neither a layer's nor the optimizer's, on average.
  public var restMean: Double {
    step.mean - optimizer.mean
      - layers.reduce(0) { $0 + $1.forward.mean + $1.backward.mean }
  }
}

/// Measures where the time of a model's training steps goes: real steps of `Trainer`, with a look
/// at the clock after each layer.
///
/// What is fused counts for the layer that takes the others in: a convolution computes its
/// activation and often the maxima that follow, the first one the scaling of its images, which then have no
/// line of their own.
///
/// Copies share the training's memory: use one.
public struct LayerBenchmark {
  private var model: Model
  private let training: SyntheticTraining
  private let sections: [Section]
  private let rows: [Row]

  /// Steps of the plan from one look at the clock to the next.
  private struct Section {
    var end: Int
    let row: Int?
    let isBackward: Bool
  }

  private struct Row {
    let path: String
    let kind: String
  }

  /// Prepares a training.
  ///
  /// - Throws: As ``TrainingBenchmark/init(_:batch:seed:)``.
  public init(_ model: Model, batch: Int, seed: UInt64 = 0) throws {
    self.model = model
    let training = try SyntheticTraining(model, batch: batch, seed: seed)
    self.training = training
    var rows: [Row] = []
    var rowOfPath: [String: Int] = [:]
    var sections: [Section] = []
    for (index, step) in training.state.program.plan.steps.enumerated() {
      // These do nothing, and belong to whoever is next to them.
      let isIdle = step.kind == VariableOperation.kind || step.kind == PlaceholderOperation.kind
      if isIdle && !sections.isEmpty {
        sections[sections.count - 1].end = index + 1
        continue
      }
      var row: Int?
      // The gradient of the loss by itself, a one, is nobody's.
      let isNobodys =
        isIdle || (step.label == nil && step.phase == .backward && step.kind == "loss")
      if !isNobodys {
        let path = step.label?.path ?? step.kind
        row = rowOfPath[path]
        if row == nil {
          row = rows.count
          rowOfPath[path] = rows.count
          rows.append(Row(path: path, kind: step.label?.kind ?? step.kind))
        }
      }
      let isBackward = step.phase == .backward
      if let last = sections.last, last.row == row, last.isBackward == isBackward {
        sections[sections.count - 1].end = index + 1
      } else {
        sections.append(Section(end: index + 1, row: row, isBackward: isBackward))
      }
    }
    self.rows = rows
    self.sections = sections
  }

  /// Makes steps for `seconds`, and at least four, after a warm-up.
  public mutating func measure(seconds: Double) throws -> LayerReport {
    var forward = [[Double]](repeating: [], count: rows.count)
    var backward = forward
    var optimizer: [Double] = []
    var steps: [Double] = []
    for _ in 0..<3 { try training.trainer.step(&model, training.state, on: training.batch) }
    let total = Stopwatch()
    while steps.count < 4 || total.seconds < seconds {
      var times = [Double](repeating: 0, count: 2 * rows.count)
      var planEnd = 0.0
      let clock = Stopwatch()
      let sections = sections
      _ = try training.trainer.step(&model, training.state, on: training.batch) { plan, context in
        let mode = FloatMode.flushDenormals()
        var start = clock.seconds
        var index = 0
        for section in sections {
          while index < section.end {
            plan.steps[index].run(context)
            index += 1
          }
          let end = clock.seconds
          if let row = section.row { times[2 * row + (section.isBackward ? 1 : 0)] += end - start }
          start = end
        }
        mode.restore()
        planEnd = clock.seconds
      }
      let end = clock.seconds
      steps.append(end)
      optimizer.append(end - planEnd)
      for row in rows.indices {
        forward[row].append(times[2 * row])
        backward[row].append(times[2 * row + 1])
      }
    }
    return report(
      forward: forward, backward: backward, optimizer: optimizer, steps: steps)
  }

  private func report(
    forward: [[Double]], backward: [[Double]], optimizer: [Double], steps: [Double]
  ) -> LayerReport {
    let graph = model.graph
    let hasGradient = graph.nodesWithGradient
    let convolutions = graph.convolutionAlgorithms(named: model.engine.convolution)
    var operations: [String: (forward: Double, backward: Double)] = [:]
    var algorithms: [String: ConvolutionAlgorithm] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let path = node.label?.path ?? node.operation.kind
      let count = graph.productOperations(of: index, batch: training.batch.count)
      let gradients = node.inputs.prefix(2).filter { hasGradient[$0] }.count
      operations[path, default: (0, 0)].forward += count
      operations[path, default: (0, 0)].backward += count * Double(gradients)
      if let algorithm = convolutions[index] { algorithms[path] = algorithm }
    }
    let layers = rows.enumerated().map { index, row in
      LayerTimes(
        path: row.path, kind: row.kind, convolution: algorithms[row.path],
        forward: SampleStatistics(forward[index]), backward: SampleStatistics(backward[index]),
        forwardOperations: operations[row.path]?.forward ?? 0,
        backwardOperations: operations[row.path]?.backward ?? 0)
    }
    return LayerReport(
      stepCount: steps.count, batch: training.batch.count, layers: layers,
      optimizer: SampleStatistics(optimizer), step: SampleStatistics(steps))
  }
}
