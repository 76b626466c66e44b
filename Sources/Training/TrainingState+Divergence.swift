import Graphs
import Kernels
import Layers
import Tensors

extension TrainingState {
  /// Whether all parameters and moments are finite: one pass over them.
  func isFinite(_ model: Model) -> Bool {
    func isFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
      Reductions.countNonFinite(
        count: count, x: values, scratch: normScratch.pointer, team: program.context.team) == 0
    }
    return model.parameters.withUnsafePointer { isFinite($0, modelGraph.layout.count) }
      && moments.allSatisfy { isFinite(UnsafePointer($0.pointer), $0.count) }
  }

  /// The error of a training whose parameters or moments are not finite.
  func divergence(of model: Model) -> DivergenceError {
    model.parameters.withUnsafePointer { divergence(parameters: $0, loss: nil) }
  }

  /// The error of a training that has diverged.
  ///
  /// - Parameters:
  ///   - parameters: The model's.
  ///   - loss: The loss of the batch whose gradients are in the buffer; nil where they are of no
  ///     interest.
  func divergence(
    parameters: UnsafePointer<Float>, loss: Float?
  ) -> DivergenceError {
    let graph = program.graph
    func all(
      _ place: DivergenceError.Place, _ values: UnsafePointer<Float>, trainableOnly: Bool
    ) -> [DivergenceError.Finding] {
      graph.variables.indices.filter { !trainableOnly || graph.variables[$0].isTrainable }.map {
        finding(place, variable: $0, values + graph.layout.offsets[$0])
      }
    }
    let values = all(.parameters, parameters, trainableOnly: false)
    var findings = values.filter { $0.nonFiniteCount > 0 }
    if findings.isEmpty, loss != nil {
      findings = all(
        .gradient, UnsafePointer(program.gradients.pointer), trainableOnly: true
      ).filter { $0.nonFiniteCount > 0 }
    }
    if findings.isEmpty {
      findings = moments.flatMap {
        all(.moment, UnsafePointer($0.pointer), trainableOnly: true)
      }.filter { $0.nonFiniteCount > 0 }
    }
    return DivergenceError(
      step: stepCount, loss: loss,
      learningRate: optimizer.learningRate(step: max(0, stepCount - 1)) * rateFactor,
      findings: findings,
      largestParameter: values.max { ($0.largestFinite ?? -1) < ($1.largestFinite ?? -1) })
  }

  private func finding(
    _ place: DivergenceError.Place, variable index: Int, _ values: UnsafePointer<Float>
  ) -> DivergenceError.Finding {
    let graph = program.graph
    let count = graph.variables[index].shape.count
    var nonFinite = 0
    var largest: Float?
    for position in 0..<count {
      if values[position].isFinite {
        largest = max(largest ?? 0, abs(values[position]))
      } else {
        nonFinite += 1
      }
    }
    let node = graph.nodes.first { ($0.operation as? VariableOperation)?.index == index }
    return DivergenceError.Finding(
      variable: graph.variables[index].name, layer: node?.label?.description, place: place,
      nonFiniteCount: nonFinite, count: count, largestFinite: largest)
  }
}
