package import Graphs
internal import Tensors
package import Testing

/// Holds the gradients that a plan's backward pass gives against differences of its forward pass.
///
/// The loss is Σ y · r with random r, summed in `Double` outside of the plan. A derivative is
/// extrapolated from central differences over h and 2h. Where those show that the element sits at a
/// kink (of relu, of a maximum) it is skipped; more than a few skipped ones are an issue.
package enum GradientCheck {
  /// Records an issue for every element of a gradient that is wrong.
  ///
  /// - Parameters:
  ///   - y: The node, of any shape, whose graph is checked; it gets an input `"upstream"`.
  ///   - trained: The names of the variables that are checked; nil for all trainable ones.
  ///   - batch: The number of examples of the runs.
  ///   - maximumBatch: The number for which the plan is made; by default `batch`.
  ///   - step: The h of the differences.
  ///   - tolerance: How far a gradient may be off, as a share of the variable's largest one (at
  ///     least 0.1).
  ///   - mostSkipped: The largest share of elements that may be skipped.
  ///   - elementsPerVariable: How many elements of each variable are checked, evenly spread.
  ///   - prepare: Feeds inputs and sets variables; inputs that it leaves get random values.
  package static func expect(
    _ y: Node, trained: Set<String>? = nil, batch: Int = 1, maximumBatch: Int? = nil,
    isTraining: Bool = true, threadCount: Int = 1, step: Float = 0x1p-7,
    tolerance: Double = 2e-3, mostSkipped: Double = 0.1, elementsPerVariable: Int = 48,
    _ name: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    prepare: (GraphRun) -> Void = { _ in }
  ) throws {
    let upstream = y.builder.placeholder("upstream", y.type.dimensions)
    let run = try GraphRun(
      [y], loss: sum(y * upstream), trained: trained, maximumBatch: maximumBatch ?? batch,
      isTraining: isTraining, threadCount: threadCount)
    let signs = TestArrays.uniform(y.type.count(batch: batch), seed: 99)
    // Away from zero, so that every element of y counts.
    let weights = signs.map { $0 < 0 ? $0 - 0.5 : $0 + 0.5 }
    run.feed("upstream", weights)
    prepare(run)
    run.feedTheRest(batch: batch)
    run.run(batch: batch)
    func loss() -> Double {
      run.run(batch: batch)
      return zip(run.output(0), weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    let base = loss()
    var (checked, skipped) = (0, 0)
    let gradients = run.trainedNames.map { ($0, run.gradient(of: $0)) }
    if gradients.isEmpty {
      Issue.record("\(name): nothing to check", sourceLocation: sourceLocation)
    }
    for (variable, gradient) in gradients {
      var values = run.value(of: variable)
      guard gradient.count == values.count, gradient.contains(where: { $0 != 0 }) else {
        Issue.record(
          "\(name): no gradient reaches '\(variable)'", sourceLocation: sourceLocation)
        continue
      }
      let scale = max(0.1, largest(gradient.map { Double($0) }))
      /// The slope and the bend: the sum and the difference of the slopes to both sides.
      func difference(at index: Int, _ distance: Float) -> (slope: Double, bend: Double) {
        let middle = values[index]
        let (low, high) = (middle - distance, middle + distance)
        values[index] = high
        run.setValue(values, of: variable)
        let above = loss()
        values[index] = low
        run.setValue(values, of: variable)
        let below = loss()
        values[index] = middle
        run.setValue(values, of: variable)
        let width = Double(high) - Double(low)
        return ((above - below) / width, 2 * (above + below - 2 * base) / width)
      }
      let stride = max(1, values.count / elementsPerVariable)
      for index in Swift.stride(from: 0, to: values.count, by: stride) {
        let (near, far) = (difference(at: index, step), difference(at: index, 2 * step))
        checked += 1
        // A smooth function bends twice as much over twice the distance; a kink does not.
        let doubt = max((near.slope - far.slope).magnitude, (2 * near.bend - far.bend).magnitude)
        if doubt > tolerance * scale {
          skipped += 1
          continue
        }
        let expected = (4 * near.slope - far.slope) / 3
        let error = (Double(gradient[index]) - expected).magnitude
        if !(error <= tolerance * scale) {
          Issue.record(
            "\(name): d\(variable)[\(index)] is \(gradient[index]), by differences \(expected)",
            sourceLocation: sourceLocation)
        }
      }
    }
    if Double(skipped) > mostSkipped * Double(checked) {
      Issue.record(
        "\(name): \(skipped) of \(checked) elements skipped", sourceLocation: sourceLocation)
    }
  }
}
