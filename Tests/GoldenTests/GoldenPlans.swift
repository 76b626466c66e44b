import Graphs
import Layers
import Needletail
import Tensors
import TestSupport

/// Every preset, compiled with all rewrites, without any, and without each: the outputs of an inference, and
/// of a training step the loss, the gradients and the statistics.
enum GoldenPlans {
  static let cases: [GoldenCase] = Preset.allCases.flatMap { preset in
    choices.flatMap { choice in
      [
        GoldenCase(name: "\(preset.rawValue), inference, \(choice.name)") {
          try inference(preset, rewrites: choice.rewrites)
        },
        GoldenCase(name: "\(preset.rawValue), training step, \(choice.name)") {
          try trainingStep(preset, rewrites: choice.rewrites)
        },
      ]
    }
  }

  private static let choices: [(name: String, rewrites: Set<Rewrite>)] = {
    let all = Set(Rewrite.allCases)
    return [("all rewrites", all), ("no rewrite", [])]
      + Rewrite.allCases.map { ("without \($0.rawValue)", all.subtracting([$0])) }
  }()

  /// Small enough for ResNet-50 to be done in a second.
  private static func inputShape(_ preset: Preset) -> Shape {
    preset == .resnet50 ? [64, 64, 3] : preset.defaultInputShape
  }

  private static func logits(_ preset: Preset) throws -> Node {
    let shape = inputShape(preset)
    let graph = try Model.traced(
      preset.network(inputShape: shape, classCount: 10, maximumPixel: 1), inputShape: shape)
    return GraphBuilder(extending: graph).node(at: graph.outputs[0].node)
  }

  /// Three examples in a plan for four, so that sizes that follow the batch and those that follow the plan
  /// are told apart.
  private static func run(_ run: GraphRun) {
    run.feedTheRest(batch: 3)
    run.run(batch: 3)
  }

  private static func inference(_ preset: Preset, rewrites: Set<Rewrite>) throws -> GoldenResult {
    let plan = try GraphRun(
      [logits(preset)], maximumBatch: 4, threadCount: 2, seed: 11, rewrites: rewrites)
    run(plan)
    var recorder = GoldenRecorder()
    recorder.add("output", plan.output())
    return recorder.result
  }

  private static func trainingStep(
    _ preset: Preset, rewrites: Set<Rewrite>
  ) throws -> GoldenResult {
    let logits = try logits(preset)
    let target = logits.builder.placeholder("target", [.batch], elementType: .int32)
    let plan = try GraphRun(
      [logits], loss: softmaxCrossEntropyLoss(logits: logits, targets: target), maximumBatch: 4,
      isTraining: true, threadCount: 2, seed: 11, rewrites: rewrites)
    run(plan)
    var recorder = GoldenRecorder()
    recorder.add("output", plan.output())
    recorder.add(Double(plan.loss))
    for name in plan.trainedNames { recorder.add(name, plan.gradient(of: name)) }
    for variable in plan.graph.variables where !variable.isTrainable {
      recorder.add(variable.name, plan.value(of: variable.name))
    }
    return recorder.result
  }
}
