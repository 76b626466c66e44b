import Graphs
import Tensors
import TestSupport
import Testing

/// Graphs whose steps are drawn by chance: values part and meet in ways that nobody thought of.
private struct RandomGraph {
  let output: Node
  let nodes: [Node]

  init(seed: Int) {
    var stream = RandomStream(seed: UInt64(seed), purpose: .synthesis)
    func below(_ bound: Int) -> Int { Int(stream.next() % UInt64(bound)) }
    let builder = GraphBuilder()
    func variable(_ shape: Shape) -> Node {
      builder.variable(
        "v\(builder.variables.count)", shape: shape, initializer: .uniform(from: -0.7, to: 0.7))
    }
    // Few of them, so that they are shared.
    let matrices = [variable([6, 6]), variable([6, 6])]
    let vectors = [variable([6]), variable([6])]
    var values = [builder.placeholder("x", [.batch, 6])]
    for _ in 0..<(6 + below(10)) {
      let a = values[values.count - 1 - below(min(3, values.count))]
      let b = values[below(values.count)]
      switch below(15) {
      case 0: values.append(tanh(matmul(a, matrices[below(2)]) + vectors[below(2)]))
      case 1: values.append(matmul(a, matrices[below(2)]) + vectors[below(2)])
      case 2: values.append(sigmoid(matmul(a, matrices[below(2)])))
      case 3: values.append(a + b)
      case 4: values.append(a - b * 0.5)
      case 5: values.append(tanh(a) * sigmoid(b))
      case 6: values.append(a * vectors[below(2)])
      case 7: values.append(tanh(a.reshaped(to: [2, 3])).reshaped(to: [6]))
      case 8: values.append(a.reshaped(to: [6]) + b.reshaped(to: [3, 2]).reshaped(to: [6]))
      case 9:
        let joined = concatenate([a, b, a]).reshaped(to: [3, 6])
        values.append(globalAveragePool2D(joined.reshaped(to: [3, 1, 6])))
      case 10: values.append(softmax(a))
      case 11: values.append(dropout(a, rate: 0.3))
      case 12: values.append(activation(.gelu, a))
      case 13:
        values.append(
          batchNormalization(
            a, scale: vectors[0], offset: vectors[1],
            runningMean: builder.variable(
              "m\(builder.variables.count)", shape: [6], initializer: .zeros, isTrainable: false),
            runningVariance: builder.variable(
              "s\(builder.variables.count)", shape: [6], initializer: .ones, isTrainable: false),
            momentum: 0.9, epsilon: 0.1))
      default: values.append(maximum(a, b) + a.scaled(by: [0.3], offset: [0.1]))
      }
    }
    // Of the last value and another, so that most steps count; tanh keeps them in bounds.
    let last = values[values.count - 1]
    output =
      tanh(last) + tanh(values[below(values.count)] * 0.5)
      + square(matrices[0].reshaped(to: [36]).reshaped(to: [6, 6])).firstRow
      + matrices[1].firstRow + vectors[0] * vectors[1]
    nodes = values
  }
}

extension Node {
  /// The first row of a matrix of six columns.
  fileprivate var firstRow: Node {
    let selector = builder.variable(
      "selector\(builder.variables.count)", shape: [1, 6], initializer: .constant(0.2),
      isTrainable: false)
    return matmul(selector, self).reshaped(to: [6])
  }
}

@Suite struct RandomGraphTests {
  @Test(arguments: 0..<80) func gradients(seed: Int) throws {
    try GradientCheck.expect(
      RandomGraph(seed: seed).output, batch: 4, maximumBatch: 5, tolerance: 5e-3,
      mostSkipped: 0.4, elementsPerVariable: 4, "seed \(seed)")
  }

  /// Every node as an output forbids all fusion and all reuse of memory.
  @Test(arguments: 0..<80) func joinedStepsAndReusedMemoryChangeNothing(seed: Int) throws {
    let runs = try [false, true].map { keepsAll in
      let graph = RandomGraph(seed: seed)
      let builder = graph.output.builder
      let loss = mean(graph.output)
      let all = keepsAll ? builder.nodes.indices.map { builder.node(at: $0) } : []
      let run = try GraphRun([graph.output] + all, loss: loss, maximumBatch: 4, isTraining: true)
      run.feedTheRest(batch: 4)
      run.run(batch: 4)
      return run
    }
    #expect(runs[0].plan.arenaByteCount <= runs[1].plan.arenaByteCount)
    #expect(bits(runs[0].output()) == bits(runs[1].output()))
    #expect(runs[0].output().allSatisfy { $0.isFinite })
    for name in runs[0].trainedNames {
      // The gradient of a bias is summed in another order where it is joined with its product.
      expectClose(
        runs[0].gradient(of: name), runs[1].gradient(of: name), relative: 1e-5, absolute: 1e-5,
        name)
    }
  }
}
