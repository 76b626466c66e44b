import Graphs
import Tensors
import TestSupport
import Testing

/// What a finished graph says about itself.
@Suite struct GraphTests {
  private func graph(_ outputs: Node...) throws -> Graph {
    try outputs[0].builder.finish(
      outputs: outputs.enumerated().map { (name: "\($0.offset)", node: $0.element) })
  }

  // MARK: Types

  @Test func typesOfResults() {
    let builder = GraphBuilder()
    let images = builder.placeholder("x", [.batch, 9, 7, 4])
    func variable(_ shape: Shape) -> Node {
      builder.variable("v\(builder.variables.count)", shape: shape)
    }
    let strides = Size2D(height: 2, width: 3)
    let results: [(Node, String)] = [
      (convolve2D(images, variable([3, 3, 4, 5])), "[batch, 7, 5, 5]"),
      (convolve2D(images, variable([3, 3, 4, 5]), padding: .same), "[batch, 9, 7, 5]"),
      (
        convolve2D(images, variable([3, 3, 2, 6]), strides: strides, padding: .same, groups: 2),
        "[batch, 5, 3, 6]"
      ),
      (convolve2D(images, variable([3, 3, 4, 5]), dilations: strides), "[batch, 5, 1, 5]"),
      (
        convolve2D(
          images, variable([3, 3, 4, 1]), padding: .explicit(top: 1, left: 2, bottom: 3, right: 4)),
        "[batch, 11, 11, 1]"
      ),
      (maxPool2D(images, poolSize: 2, strides: 2), "[batch, 4, 3, 4]"),
      (averagePool2D(images, poolSize: 3, strides: strides, padding: .same), "[batch, 5, 3, 4]"),
      (globalAveragePool2D(images), "[batch, 4]"), (images.flattened(), "[batch, 252]"),
      (images.reshaped(to: [63, 4]), "[batch, 63, 4]"), (sum(images), "[]"),
      (images.reshaped(to: [63, 4]).paddingChannels(before: 1, after: 2), "[batch, 63, 7]"),
      (concatenate([images, images]), "[batch, 9, 7, 8]"),
      (matmul(images, variable([4, 2])), "[batch, 9, 7, 2]"),
      (variable([3, 1]) * variable([4]), "[3, 4]"),
      (variable([1, 4]) + images, "[batch, 9, 7, 4]"),
      (builder.constant(2), "[]"),
    ]
    for (node, type) in results { #expect(node.type.description == type) }
  }

  // MARK: Variables

  @Test func variablesLieInTheOrderOfTheSweep() throws {
    let builder = GraphBuilder()
    func variable(_ name: String, _ shape: Shape, isTrainable: Bool = true) -> Node {
      builder.variable(name, shape: shape, initializer: .zeros, isTrainable: isTrainable)
    }
    let x = builder.placeholder("x", [.batch, 3])
    // Made in another order than used; one is a statistic, one is not used at all.
    let last = variable("last", [5, 1])
    let statistic = variable("statistic", [3], isTrainable: false)
    let first = variable("first", [3, 5])
    _ = variable("unused", [2])
    let shared = variable("shared", [5])
    let bias = variable("bias", [1])
    let h = matmul(x + statistic, first) + shared
    let layout = try graph(matmul(tanh(h) * shared, last) + bias).layout
    let names = ["last", "statistic", "first", "unused", "shared", "bias"]
    #expect(
      layout.order.map { names[$0] } == ["unused", "bias", "last", "shared", "first", "statistic"])
    #expect(layout.order.map { layout.offsets[$0] } == [0, 16, 32, 48, 64, 80])
    #expect(layout.trainableCount == 80)
    #expect(layout.count == 96)
  }

  @Test func variablesStartAtMultiplesOfSixteen() throws {
    let builder = GraphBuilder()
    let sizes = [1, 15, 16, 17, 100]
    let nodes = sizes.map { builder.variable("v\($0)", shape: [$0], initializer: .ones) }
    let layout = try graph(concatenate(nodes)).layout
    // All are first used by one step: then the order is that of making.
    #expect(layout.order == [0, 1, 2, 3, 4])
    #expect(layout.offsets == [0, 16, 32, 48, 80])
    #expect(layout.count == 192)
  }

  @Test func fansAreTheOuterExtentsByDefault() throws {
    let builder = GraphBuilder()
    let nodes = [
      builder.variable("a", shape: [3, 4, 5]), builder.variable("b", shape: [7]),
      builder.variable("c", shape: []),
      builder.variable("d", shape: [2], fan: Variable.Fan(in: 8, out: 9)),
    ]
    let graph = try graph(nodes[0])
    #expect(graph.variables.map(\.fan.in) == [3, 7, 1, 8])
    #expect(graph.variables.map(\.fan.out) == [5, 7, 1, 9])
    #expect(graph.variables.allSatisfy { $0.isTrainable && $0.initializer == .glorotUniform })
    #expect(graph.parameterCount == 60 + 7 + 1 + 2)
  }

  // MARK: Pruning

  @Test func prunedGraphsComputeTheSame() throws {
    func build() -> (GraphBuilder, Node) {
      let builder = GraphBuilder()
      func variable(_ name: String, _ shape: Shape) -> Node {
        builder.variable(name, shape: shape, initializer: .ones)
      }
      let unused = builder.placeholder("unused", [.batch, 2])
      let x = builder.placeholder("x", [.batch, 3])
      _ = matmul(unused, variable("lost", [2, 4]))
      let h = matmul(x, variable("kept", [3, 4]))
      _ = softmax(h) + variable("lost too", [4])
      return (builder, tanh(h) + variable("bias", [4]))
    }
    let (_, y) = build()
    let whole = try graph(y)
    let pruned = whole.pruned()
    #expect(whole.inputs.map(\.name) == ["unused", "x"])
    #expect(pruned.inputs.map(\.name) == ["x"])
    #expect(pruned.variables.map(\.name) == ["kept", "bias"])
    #expect(
      pruned.nodes.map(\.operation.kind)
        == ["input", "variable", "matmul", "elementwise", "variable", "arithmetic"])
    #expect(pruned.nodes.map(\.inputs) == [[], [], [0, 1], [2], [], [3, 4]])
    #expect(pruned.outputs.map(\.node) == [5])
    #expect(pruned.outputs[0].type == whole.outputs[0].type)
    #expect((pruned.nodes[4].operation as? VariableOperation)?.index == 1)
    #expect(pruned.pruned() === pruned)

    // The numbers of the nodes have changed, not the result.
    let first = try GraphRun([y], maximumBatch: 2)
    let builder = GraphBuilder(extending: pruned)
    let second = try GraphRun([builder.node(at: 5)], maximumBatch: 2)
    for run in [first, second] {
      run.feed("x", [0.1, 0.2, 0.3, -0.4, -0.5, 0])
      run.feedTheRest(batch: 2)
      run.run(batch: 2)
    }
    #expect(bits(first.output()) == bits(second.output()))
  }

  @Test func graphsCanBeExtended() throws {
    let first = GraphBuilder()
    let x = first.placeholder("x", [.batch, 3])
    let w = first.variable("w", shape: [3, 2], initializer: .constant(0.5))
    let graph = try graph(matmul(x, w))
    let builder = GraphBuilder(extending: graph)
    let y = builder.node(at: graph.outputs[0].node)
    #expect(y.type.description == "[batch, 2]")
    let run = try GraphRun([y * builder.variable("s", shape: [2], initializer: .constant(3))])
    run.feed("x", [1, 2, 3])
    run.run()
    #expect(run.output() == [9, 9])
    _ = builder.variable("w", shape: [1])
    #expect(
      builder.problems == ["The name 'w' is taken; name each input and variable differently."])
  }

  @Test func layersMadeWhileTracingAreNamedInOrder() {
    let builder = GraphBuilder()
    func path(_ name: String?, _ kind: String) -> String {
      builder.scope(LayerIdentity(name: name), kind: kind) { $0.path }
    }
    #expect(path(nil, "Dense(10)") == "dense")
    #expect(path(nil, "Dense(3)") == "dense_1")
    #expect(path("head", "Dense(3)") == "head")
    #expect(path(nil, "Dense(3)") == "dense_2")
    #expect(path("head", "Conv2D(3)") == "head_1")
  }
}
