import Graphs
import Tensors
import TestSupport
import Testing

extension GraphBuilder {
  fileprivate func uniform(_ name: String, _ shape: Shape) -> Node {
    variable(name, shape: shape, initializer: .uniform(from: -1, to: 1))
  }
}

/// The sweep through graphs: where values part, meet, are seen under other shapes, and are shared.
@Suite struct GraphGradientTests {
  private let builder: GraphBuilder
  /// Examples of six numbers.
  private let x: Node

  init() {
    builder = GraphBuilder()
    x = builder.placeholder("rows", [.batch, 6])
  }

  // MARK: Fused steps

  @Test(arguments: ActivationFunction.all) func denseWithBias(
    _ function: ActivationFunction
  ) throws {
    let y = activation(
      function, matmul(x, builder.uniform("w", [6, 5])) + builder.uniform("b", [5]))
    try GradientCheck.expect(y, batch: 4, function.name)
  }

  @Test(arguments: ActivationFunction.all) func convolutionWithBias(
    _ function: ActivationFunction
  ) throws {
    let images = builder.placeholder("x", [.batch, 4, 4, 2])
    let y = activation(
      function,
      convolve2D(images, builder.uniform("w", [3, 3, 2, 3]), padding: .same)
        + builder.uniform("b", [3]))
    try GradientCheck.expect(y, batch: 2, function.name)
  }

  @Test(arguments: [ActivationFunction.relu, .sigmoid, .elu(alpha: 0.5), .gelu], [true, false])
  func normalizationWithActivation(_ function: ActivationFunction, isTraining: Bool) throws {
    let y = activation(
      function,
      batchNormalization(
        matmul(x, builder.uniform("w", [6, 3])), scale: builder.uniform("scale", [3]),
        offset: builder.uniform("offset", [3]),
        runningMean: builder.variable("m", shape: [3], initializer: .zeros, isTrainable: false),
        runningVariance: builder.variable("v", shape: [3], initializer: .ones, isTrainable: false),
        momentum: 0.9, epsilon: 1e-2))
    try GradientCheck.expect(
      y, batch: 8, isTraining: isTraining, mostSkipped: 0.4, function.name)
  }

  @Test(arguments: [["b"], ["w"], ["x"], ["b", "x"], ["w", "x"], ["b", "w"]] as [Set<String>])
  func fusedStepsWithFrozenVariables(_ trained: Set<String>) throws {
    let product = matmul(builder.uniform("x", [4, 6]), builder.uniform("w", [6, 5]))
    try GradientCheck.expect(tanh(product + builder.uniform("b", [5])), trained: trained)
  }

  @Test(arguments: [["b"], ["w"], ["x"], ["b", "x"]] as [Set<String>])
  func fusedConvolutionWithFrozenVariables(_ trained: Set<String>) throws {
    let product = convolve2D(
      builder.uniform("x", [2, 4, 4, 2]), builder.uniform("w", [3, 3, 2, 3]))
    try GradientCheck.expect(relu(product + builder.uniform("b", [3])), trained: trained)
  }

  /// By kernels for few channels, and by Winograd's transforms for more.
  @Test(
    arguments: [["b"], ["w"], ["x"], ["b", "x"], ["b", "w"], ["b", "w", "x"]] as [Set<String>],
    [2, 16])
  func fusedMaximaWithFrozenVariables(_ trained: Set<String>, channels: Int) throws {
    let product = convolve2D(
      builder.uniform("x", [2, 6, 6, channels]), builder.uniform("w", [3, 3, channels, 16]))
    try GradientCheck.expect(
      maxPool2D(relu(product + builder.uniform("b", [16])), poolSize: 2, strides: 2),
      trained: trained, mostSkipped: 0.4)
  }

  // MARK: Values used more than once

  @Test func productOfAValueWithItself() throws {
    let w = builder.uniform("w", [4, 4])
    try GradientCheck.expect(matmul(w, w) * w)
  }

  @Test func imagesThatAreTheirOwnWeights() throws {
    let w = builder.uniform("w", [3, 3, 3, 3])
    try GradientCheck.expect(convolve2D(w, w, padding: .same))
  }

  @Test func sumAndDifferenceOfAValueWithItself() throws {
    let w = builder.uniform("w", [3, 4])
    let v = tanh(w)
    try GradientCheck.expect((v + v) * (v - w) / (v * v + 2))
  }

  @Test func concatenationOfAValueWithItself() throws {
    let a = tanh(builder.uniform("a", [3, 2]))
    let b = builder.uniform("b", [3, 1])
    try GradientCheck.expect(square(concatenate([a, b, a, a, b])))
  }

  @Test func residual() throws {
    let h = sigmoid(matmul(x, builder.uniform("w1", [6, 6])))
    let y = h + tanh(matmul(h, builder.uniform("w2", [6, 6])) + builder.uniform("b", [6]))
    try GradientCheck.expect(y * h + y, batch: 5)
  }

  @Test func diamondsBehindEachOther() throws {
    var h = matmul(x, builder.uniform("w", [6, 6]))
    for index in 0..<4 {
      h = tanh(matmul(h, builder.uniform("w\(index)", [6, 6]))) + h
      h = maximum(h, sigmoid(h)) * softmax(h)
    }
    try GradientCheck.expect(h, batch: 3, elementsPerVariable: 5)
  }

  @Test func maximumAndPoolingOfSharedImages() throws {
    let images = builder.placeholder("x", [.batch, 4, 4, 2])
    let h = convolve2D(images, builder.uniform("w", [3, 3, 2, 4]), padding: .same)
    let joined = concatenate([
      maxPool2D(h, poolSize: 2, strides: 2), averagePool2D(h, poolSize: 2, strides: 2),
      maxPool2D(h, poolSize: 3, strides: 2, padding: .same),
    ])
    let weighted = joined * globalAveragePool2D(joined).reshaped(to: [1, 1, 12])
    try GradientCheck.expect(weighted, batch: 2, mostSkipped: 0.3)
  }

  @Test func sharedWeights() throws {
    let (w, b) = (builder.uniform("w", [6, 6]), builder.uniform("b", [6]))
    func layer(_ x: Node) -> Node { tanh(matmul(x, w) + b) }
    let sums = w.reshaped(to: [36]).reshaped(to: [6, 6]).sumOfRows
    try GradientCheck.expect(layer(layer(layer(x))) * sums, batch: 3)
  }

  @Test func sharedConvolution() throws {
    let (w, b) = (builder.uniform("w", [3, 3, 2, 2]), builder.uniform("b", [2]))
    func layer(_ x: Node) -> Node { sigmoid(convolve2D(x, w, padding: .same) + b) }
    let (left, right) = (
      builder.placeholder("left", [.batch, 4, 4, 2]),
      builder.placeholder("right", [.batch, 4, 4, 2])
    )
    try GradientCheck.expect(square(layer(layer(left)) - layer(right)), batch: 2)
  }

  @Test func sharedNormalization() throws {
    let (scale, offset) = (builder.uniform("scale", [6]), builder.uniform("offset", [6]))
    let mean = builder.variable("mean", shape: [6], initializer: .zeros, isTrainable: false)
    let variance = builder.variable("variance", shape: [6], initializer: .ones, isTrainable: false)
    func layer(_ x: Node) -> Node {
      batchNormalization(
        x, scale: scale, offset: offset, runningMean: mean, runningVariance: variance,
        momentum: 0.9, epsilon: 1e-2)
    }
    let y = layer(tanh(layer(matmul(x, builder.uniform("w", [6, 6])))))
    try GradientCheck.expect(y, batch: 6)
  }

  // MARK: Views

  @Test func viewsUsedOnce() throws {
    let h = tanh(matmul(x, builder.uniform("w", [6, 6])))
    let y = matmul(h.reshaped(to: [2, 3]).reshaped(to: [3, 2]), builder.uniform("v", [2, 4]))
    try GradientCheck.expect(y.reshaped(to: [12]), batch: 3)
  }

  @Test func viewsAndTheirSourcesUsedTogether() throws {
    let h = tanh(matmul(x, builder.uniform("w", [6, 6])))
    let (wide, high) = (h.reshaped(to: [2, 3]), h.reshaped(to: [3, 2]))
    let y = matmul(wide, builder.uniform("a", [3, 2])).reshaped(to: [4])
    let z = matmul(high, builder.uniform("b", [2, 2])).reshaped(to: [6])
    try GradientCheck.expect(concatenate([y * y, z + h, wide.reshaped(to: [6]), h]), batch: 3)
  }

  @Test func viewsOfVariables() throws {
    let w = builder.uniform("w", [12])
    let y =
      matmul(w.reshaped(to: [3, 4]), w.reshaped(to: [4, 3])) * sum(w.reshaped(to: [3, 2, 2]))
    try GradientCheck.expect(y)
  }

  @Test func dropoutThatDoesNothingIsAView() throws {
    let h = dropout(tanh(matmul(x, builder.uniform("w", [6, 6]))), rate: 0)
    try GradientCheck.expect(h * dropout(h, rate: 0), batch: 3)
  }

  // MARK: What has no gradient

  @Test func targetsGetNoGradient() throws {
    let (w, v) = (builder.uniform("w", [3, 4]), builder.uniform("v", [3, 4]))
    let loss =
      meanSquaredErrorLoss(prediction: tanh(w), targets: square(v))
      + softmaxCrossEntropyLoss(logits: w, targets: softmax(v))
    let run = try GraphRun([], loss: loss)
    run.run()
    #expect(run.gradient(of: "v").isEmpty)
    #expect(run.gradient(of: "w").count == 12)
    #expect(run.gradient(of: "w").allSatisfy { $0.isFinite })
  }

  @Test func aValueThatIsPredictionAndTarget() throws {
    let w = builder.uniform("w", [3, 4])
    let run = try GraphRun([], loss: meanAbsoluteErrorLoss(prediction: w * 2, targets: w))
    run.run()
    let gradient = run.gradient(of: "w")
    expectClose(gradient, run.value(of: "w").map { $0 < 0 ? -1.0 / 6 : 1.0 / 6 } as [Double])
  }

  @Test func lossThatIsAVariable() throws {
    let w = builder.variable("w", shape: [], initializer: .constant(3))
    let run = try GraphRun([], loss: w)
    run.run()
    #expect(run.loss == 3)
    #expect(run.gradient(of: "w") == [1])
  }

  @Test func lossThatIsAViewOfAVariable() throws {
    let w = builder.variable("w", shape: [1], initializer: .constant(3))
    let run = try GraphRun([], loss: w.reshaped(to: []))
    run.run()
    #expect(run.gradient(of: "w") == [1])
  }

  // MARK: Frozen variables

  @Test func subsetsHaveTheGradientsOfTheWhole() throws {
    func make(_ trained: Set<String>?) throws -> GraphRun {
      let builder = GraphBuilder()
      var h = builder.placeholder("x", [.batch, 6])
      for index in 0..<3 {
        h = tanh(
          matmul(h, builder.uniform("w\(index)", [6, 6])) + builder.uniform("b\(index)", [6]))
      }
      let run = try GraphRun([], loss: mean(square(h)), trained: trained, maximumBatch: 4)
      run.feedTheRest(batch: 4)
      run.run(batch: 4)
      return run
    }
    let whole = try make(nil)
    let names = ["w0", "b0", "w1", "b1", "w2", "b2"]
    let subsets: [Set<String>] = [["w2", "b2"], ["w0"], ["b1"], ["w0", "b2"], ["w1"]]
    for subset in subsets {
      let part = try make(subset)
      for name in names {
        let expected = subset.contains(name) ? whole.gradient(of: name) : []
        #expect(bits(part.gradient(of: name)) == bits(expected), "\(name) of \(subset)")
      }
    }
    // What lies before the first trained variable is not swept.
    #expect(
      whole.stepKinds(.backward).count == (try make(["w2"])).stepKinds(.backward).count + 2)
    #expect(try make([]).stepKinds(.backward).isEmpty)
  }

  // MARK: Dropout and batches

  @Test func dropoutOfABatch() throws {
    let h = dropout(tanh(matmul(x, builder.uniform("w", [6, 8]))), rate: 0.5)
    try GradientCheck.expect(
      dropout(matmul(h, builder.uniform("v", [8, 3])), rate: 0.25), batch: 4)
  }

  @Test func dropoutIsAFunctionOfTheStep() throws {
    let run = try GraphRun([dropout(x, rate: 0.25)], maximumBatch: 500, isTraining: true)
    run.feed("rows", [Float](repeating: 3, count: 3000))
    func output(step: UInt64) -> [Float] {
      run.step = step
      run.run(batch: 500)
      return run.output()
    }
    let first = output(step: 0)
    #expect(first.allSatisfy { $0 == 0 || $0 == 4 })
    let kept = first.filter { $0 != 0 }.count
    #expect((2150...2350).contains(kept), "\(kept) of 3000 kept")
    #expect(output(step: 1) != first)
    #expect(output(step: 0) == first)
  }

  @Test func droppedPlacesDifferBetweenOperations() throws {
    let (a, b) = (dropout(x, rate: 0.5), dropout(x, rate: 0.5))
    let run = try GraphRun([a, b], maximumBatch: 20, isTraining: true)
    run.feed("rows", [Float](repeating: 1, count: 120))
    run.run(batch: 20)
    #expect(run.output(0) != run.output(1))
  }

  @Test(arguments: [1, 2, 5]) func batchesSmallerThanPlanned(batch: Int) throws {
    let h = relu(matmul(x, builder.uniform("w", [6, 7])) + builder.uniform("b", [7]))
    try GradientCheck.expect(
      softmax(matmul(h, builder.uniform("v", [7, 3])) * 2), batch: batch, maximumBatch: 5)
  }
}

extension Node {
  /// The sum of each column of a matrix, written with what there is.
  fileprivate var sumOfRows: Node {
    let ones = builder.variable("ones", shape: [1, type.fixedShape[0]], initializer: .ones)
    return matmul(ones, self).reshaped(to: [type.fixedShape[1]])
  }
}
