import Graphs
import Tensors
import TestSupport

/// Computes a recorded layer through graphs and plans, and checks its output and its gradients.
///
/// Twice: first with everything as variables, which gives the gradients of all inputs; then with the
/// data as a batched input, as networks have it, on other numbers of threads.
struct LayerRunner {
  /// The input that is fed as a batch.
  var data: String
  /// The other inputs with gradients.
  var parameters: [String] = []
  /// Inputs without gradients that the layer may change, and the outputs that record the change.
  var statistics: [(name: String, updated: String)] = []
  var isTraining = false

  /// - Parameter layer: Traces the layer: from the nodes of the inputs to the output `"y"`.
  func callAsFunction(
    _ testCase: ReferenceCase, _ layer: ([String: Node]) throws -> Node
  ) throws {
    try run(testCase, isBatched: false, threadCount: 1, layer)
    if try testCase.shape(data).rank >= 2 {
      try run(testCase, isBatched: true, threadCount: 3, layer)
    }
  }

  private func run(
    _ testCase: ReferenceCase, isBatched: Bool, threadCount: Int,
    _ layer: ([String: Node]) throws -> Node
  ) throws {
    let builder = GraphBuilder()
    let shape = try testCase.shape(data)
    let batch = isBatched ? shape[0] : 1
    func input(_ name: String, _ shape: Shape) -> Node {
      builder.placeholder(
        name,
        isBatched
          ? [.batch] + shape.dimensions.dropFirst().map { .fixed($0) }
          : shape.dimensions.map { .fixed($0) })
    }
    var variables = parameters + statistics.map(\.name)
    var nodes: [String: Node] = [:]
    if isBatched {
      nodes[data] = input(data, shape)
    } else {
      variables.insert(data, at: 0)
    }
    for name in variables {
      nodes[name] = builder.variable(
        name, shape: try testCase.shape(name),
        isTrainable: !statistics.contains { $0.name == name })
    }
    let y = try layer(nodes)
    let loss = testCase.has("dy") ? sum(y * input("dy", try testCase.shape("dy"))) : nil
    let hasGradients = variables.contains { testCase.has("d_\($0)") }
    let run = try GraphRun(
      [y], loss: hasGradients ? loss : nil, maximumBatch: batch + (isBatched ? 3 : 0),
      isTraining: isTraining, threadCount: threadCount)
    for name in variables { run.setValue(try testCase.floats(name), of: name) }
    if isBatched { run.feed(data, try testCase.floats(data)) }
    if run.graph.inputs.contains(where: { $0.name == "dy" }) {
      run.feed("dy", try testCase.floats("dy"))
    }
    run.run(batch: batch)
    try testCase.check("y", actual: run.output(), shape: y.type.shape(batch: batch))
    for name in variables where testCase.has("d_\(name)") {
      try testCase.check(
        "d_\(name)", actual: run.gradient(of: name), shape: try testCase.shape(name))
    }
    for (name, updated) in statistics where testCase.has(updated) {
      try testCase.check(updated, actual: run.value(of: name), shape: try testCase.shape(name))
    }
  }
}
