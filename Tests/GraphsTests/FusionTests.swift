import Graphs
import Tensors
import TestSupport
import Testing

/// What runs as one step, and that it gives what the single steps give.
@Suite struct FusionTests {
  private let builder: GraphBuilder
  private let x: Node
  private let images: Node

  init() {
    builder = GraphBuilder()
    x = builder.placeholder("rows", [.batch, 6])
    images = builder.placeholder("images", [.batch, 5, 5, 2])
  }

  private func variable(_ name: String, _ shape: Shape) -> Node {
    builder.variable(name, shape: shape, initializer: .uniform(from: -1, to: 1))
  }

  private func kinds(_ outputs: [Node], training: Bool = false) throws -> [String] {
    try GraphRun(outputs, isTraining: training).stepKinds(.forward).filter {
      !["variable", "input", "constant"].contains($0)
    }
  }

  /// Runs a graph joined and with all of `values` as outputs, and compares the results bit by bit.
  private func expectSame(
    _ y: Node, keeping values: [Node], joined: [String], apart: [String],
    isTraining: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(try kinds([y]) == joined, sourceLocation: sourceLocation)
    #expect(try kinds([y] + values) == apart, sourceLocation: sourceLocation)
    let loss = mean(square(y))
    let runs = try [[], values].map { kept in
      let run = try GraphRun([y] + kept, loss: loss, maximumBatch: 3, isTraining: isTraining)
      run.feedTheRest(batch: 3)
      run.run(batch: 3)
      return run
    }
    #expect(bits(runs[0].output()) == bits(runs[1].output()), sourceLocation: sourceLocation)
    for name in runs[0].trainedNames {
      let (first, second) = (runs[0].gradient(of: name), runs[1].gradient(of: name))
      #expect(!first.isEmpty, "\(name)", sourceLocation: sourceLocation)
      // The gradient of a bias is summed in another order where it is joined with its product.
      expectClose(
        first, second, relative: 1e-6, absolute: 1e-6, name, sourceLocation: sourceLocation)
    }
  }

  @Test(
    arguments: [
      .relu, .leakyReLU(slope: 0.2), .elu(alpha: 0.5), .selu, .sigmoid, .tanh, .softplus,
      .softsign, .hardSigmoid, .relu6,
    ] as [ActivationFunction])
  func productBiasAndActivation(_ function: ActivationFunction) throws {
    let product = matmul(x, variable("w", [6, 7]))
    let biased = product + variable("b", [7])
    try expectSame(
      activation(function, biased), keeping: [product, biased], joined: ["matmul"],
      apart: ["matmul", "arithmetic", "elementwise"])
  }

  @Test(arguments: [ActivationFunction.relu, .tanh, .elu(alpha: 0.5), .leakyReLU(slope: 0.2)])
  func convolutionBiasAndActivation(_ function: ActivationFunction) throws {
    let product = convolve2D(images, variable("w", [3, 3, 2, 4]), padding: .same)
    let biased = product + variable("b", [4])
    try expectSame(
      activation(function, biased), keeping: [product, biased], joined: ["conv2d"],
      apart: ["conv2d", "arithmetic", "elementwise"])
  }

  @Test(arguments: [1, 2]) func specialConvolutions(groups: Int) throws {
    let shape: Shape = groups == 1 ? [1, 1, 2, 3] : [3, 3, 1, 2]
    let product = convolve2D(images, variable("w", shape), groups: groups)
    let biased = product + variable("b", [shape[3]])
    try expectSame(
      relu(biased), keeping: [product, biased], joined: ["conv2d"],
      apart: ["conv2d", "arithmetic", "elementwise"])
  }

  @Test func convolutionAndActivationWithoutBias() throws {
    let product = convolve2D(images, variable("w", [3, 3, 2, 4]))
    try expectSame(
      relu(product), keeping: [product], joined: ["conv2d"], apart: ["conv2d", "elementwise"])
  }

  private func normalized(_ x: Node, _ channels: Int, _ name: String = "norm") -> Node {
    batchNormalization(
      x, scale: variable(name + ".scale", [channels]),
      offset: variable(name + ".offset", [channels]),
      runningMean: builder.variable(
        name + ".m", shape: [channels], initializer: .uniform(from: -1, to: 1),
        isTrainable: false),
      runningVariance: builder.variable(
        name + ".v", shape: [channels], initializer: .ones, isTrainable: false),
      momentum: 0.9, epsilon: 1e-3)
  }

  @Test(arguments: [true, false]) func normalizationAndActivation(isTraining: Bool) throws {
    let product = matmul(x, variable("w", [6, 3]))
    let normalized = normalized(product, 3)
    // Where the product is kept, its gradient has a place of its own.
    try expectSame(
      relu(normalized), keeping: [product, normalized], joined: ["matmul", "batch_normalization"],
      apart: ["matmul", "batch_normalization", "elementwise"], isTraining: isTraining)
  }

  /// The end of a residual block; what is added has a gradient of its own, and is used again.
  @Test(arguments: [true, false], [ActivationFunction.relu, .tanh])
  func normalizationSumAndActivation(
    isTraining: Bool, _ function: ActivationFunction
  ) throws {
    let width = 19
    let start = tanh(matmul(x, variable("v", [6, width])))
    let product = matmul(start, variable("w", [width, width]))
    let normalized = normalized(product, width)
    let sum = start + normalized
    try expectSame(
      activation(function, sum) + start, keeping: [product, normalized, sum],
      joined: ["matmul", "matmul", "batch_normalization", "arithmetic"],
      apart: [
        "matmul", "matmul", "batch_normalization", "arithmetic", "elementwise", "arithmetic",
      ], isTraining: isTraining)
  }

  /// Where nothing goes backward, a convolution does what follows it in a residual block.
  @Test func convolutionWithAResidualBlocksEnd() throws {
    let start = tanh(convolve2D(images, variable("v", [1, 1, 2, 5])))
    let convolved = convolve2D(start, variable("w", [3, 3, 5, 5]), padding: .same)
    let normalized = normalized(convolved, 5)
    let sum = normalized + start
    let y = relu(sum)
    let runs = try [[], [convolved, normalized, sum]].map { kept in
      let run = try GraphRun([y] + kept, maximumBatch: 3)
      run.feedTheRest(batch: 3)
      run.run(batch: 3)
      return run
    }
    #expect(runs[0].stepKinds(.forward).filter { $0 == "conv2d" }.count == 2)
    let joined = ["batch_normalization", "arithmetic", "elementwise"]
    #expect(Set(runs[0].stepKinds(.forward)).isDisjoint(with: joined))
    #expect(Set(runs[1].stepKinds(.forward)).isSuperset(of: joined))
    expectClose(runs[0].output(), runs[1].output(), relative: 1e-5, absolute: 1e-5)
    #expect(runs[0].output().contains { $0 > 0 })
  }

  @Test func biasOnTheLeft() throws {
    let product = matmul(x, variable("w", [6, 7]))
    try expectSame(
      variable("b", [7]) + product, keeping: [product], joined: ["matmul"],
      apart: ["matmul", "arithmetic"])
  }

  /// The bias is computed after the product was traced.
  @Test func biasThatIsComputed() throws {
    let product = matmul(x, variable("w", [6, 7]))
    let bias = square(variable("b", [7]))
    try expectSame(
      relu(product + bias), keeping: [product], joined: ["elementwise", "matmul"],
      apart: ["matmul", "elementwise", "arithmetic", "elementwise"])
  }

  /// The kernel scales the images itself where it takes maxima in registers; else the convolution does
  /// it first.
  @Test(
    arguments: [true, false],
    [
      (1, .valid, .relu), (3, .same, .relu), (3, .valid, .tanh), (2, .same, nil),
    ] as [(Int, Padding, ActivationFunction?)])
  func scalingOfTheFirstImages(
    isTraining: Bool, _ test: (channels: Int, padding: Padding, function: ActivationFunction?)
  ) throws {
    let images = builder.placeholder("pixels", [.batch, 18, 21, .fixed(test.channels)])
    let scaled = images.scaled(by: [0.5], offset: [-0.25])
    var y = convolve2D(
      scaled, variable("w", [3, 3, test.channels, 5]), padding: test.padding)
    if let function = test.function {
      y = maxPool2D(
        activation(function, y), poolSize: Size2D(2), strides: Size2D(2))
    }
    try expectSame(
      y, keeping: [scaled], joined: ["conv2d"], apart: ["scale", "conv2d"], isTraining: isTraining)
  }

  @Test func scalingOfTheFirstRows() throws {
    let flat = images.scaled(by: [0.5], offset: [0]).flattened()
    let y = matmul(flat, variable("w", [50, 7])) + variable("b", [7])
    #expect(try kinds([y], training: true) == ["scale", "matmul"])
    #expect(try kinds([y]) == ["matmul"])
    let runs = try [[], [flat]].map { kept in
      let run = try GraphRun([y] + kept, maximumBatch: 3)
      run.feedTheRest(batch: 3)
      run.run(batch: 3)
      return run
    }
    expectClose(runs[0].output(), runs[1].output(), relative: 1e-5, absolute: 1e-6)
  }

  @Test func theWholeNetwork() throws {
    let network = EveryOperationGraph()
    let (before, behind) = (network.beforeNormalization, network.behindNormalization)
    func run(keeping kept: [Node]) throws -> GraphRun {
      let run = try GraphRun(
        [network.logits] + kept, loss: network.loss, maximumBatch: 6, isTraining: true)
      EveryOperationGraph.feed(run, batch: 6)
      run.run(batch: 6)
      return run
    }
    let (joined, apart) = (try run(keeping: []), try run(keeping: before + behind))
    #expect(joined.stepKinds(.forward).count < apart.stepKinds(.forward).count)
    // A convolution with all that follows leaves the moments of parts of its own to the normalisation:
    // without that, and with it, the bits are the same.
    for (one, other) in [
      (joined, try run(keeping: behind)), (apart, try run(keeping: [before[0]])),
    ] {
      #expect(bits(one.output()) == bits(other.output()))
      #expect(one.loss == other.loss)
    }
    expectClose(joined.output(), apart.output(), relative: 1e-5, absolute: 1e-6)
    for name in joined.trainedNames {
      expectClose(
        joined.gradient(of: name), apart.gradient(of: name), relative: 1e-5, absolute: 1e-6, name)
    }
  }

  // MARK: What stays apart

  @Test func functionsWhoseDerivativeNeedsTheirArgument() throws {
    let biased = matmul(x, variable("w", [6, 7])) + variable("b", [7])
    #expect(try kinds([activation(.gelu, biased)]) == ["matmul", "elementwise"])
    #expect(try kinds([softmax(biased)]) == ["matmul", "softmax"])
  }

  @Test func valuesUsedTwice() throws {
    let product = matmul(x, variable("w", [6, 6]))
    #expect(try kinds([relu(product) + product]) == ["matmul", "elementwise", "arithmetic"])
    #expect(try kinds([product + product]) == ["matmul", "arithmetic"])
  }

  @Test func whatIsNoBias() throws {
    let product = matmul(x, variable("w", [6, 7]))
    let apart = ["matmul", "arithmetic"]
    #expect(try kinds([product + variable("row", [1, 7])]) == apart)
    #expect(try kinds([product + variable("one", [1])]) == apart)
    #expect(try kinds([product + variable("scalar", [])]) == apart)
    #expect(try kinds([product - variable("negative", [7])]) == apart)
    #expect(try kinds([product * variable("factor", [7])]) == apart)
    let one = matmul(x, variable("column", [6, 1]))
    #expect(try kinds([one + variable("wide", [7])]) == apart)
  }

  @Test func secondBiasesAndActivations() throws {
    let product = matmul(x, variable("w", [6, 7]))
    let twice = product + variable("b", [7]) + variable("c", [7])
    #expect(try kinds([twice]) == ["matmul", "arithmetic"])
    #expect(
      try kinds([tanh(relu(twice))]) == ["matmul", "arithmetic", "elementwise", "elementwise"])
    #expect(try kinds([relu(product) + variable("d", [7])]) == ["matmul", "arithmetic"])
  }

  @Test func scalingOfOtherThanTheFirst() throws {
    let weights = variable("w", [3, 3, 2, 4])
    let perChannel = images.scaled(by: [0.5, 2], offset: [0, 1])
    #expect(try kinds([convolve2D(perChannel, weights)]) == ["scale", "conv2d"])
    let later = (images + variable("b", [2])).scaled(by: [0.5], offset: [1])
    #expect(try kinds([convolve2D(later, weights)]) == ["arithmetic", "scale", "conv2d"])
    let used = images.scaled(by: [0.5], offset: [1])
    let twice = [convolve2D(used, weights), mean(used)]
    #expect(try kinds(twice).filter { $0 == "scale" } == ["scale"])
    // An offset would become a part of the bias.
    let rows = x.scaled(by: [0.5], offset: [1])
    #expect(try kinds([matmul(rows, variable("v", [6, 7]))]) == ["scale", "matmul"])
  }

  @Test func whatNobodyNeedsDoesNotRun() throws {
    let product = matmul(x, variable("w", [6, 7]))
    _ = relu(product)
    _ = square(product)
    #expect(try kinds([tanh(product)]) == ["matmul"])
  }
}
