import Graphs
import Tensors
import Testing

/// The exact text of every mistake that a bare graph can make.
@Suite struct ShapeRuleTests {
  private let builder: GraphBuilder
  /// `[batch, 6]`.
  private let rows: Node
  /// `[batch, 4, 5, 3]`.
  private let images: Node
  /// `[batch]` of integers.
  private let labels: Node

  init() {
    builder = GraphBuilder()
    rows = builder.placeholder("rows", [.batch, 6])
    images = builder.placeholder("images", [.batch, 4, 5, 3])
    labels = builder.placeholder("labels", [.batch], elementType: .int32)
  }

  private func variable(_ shape: Shape) -> Node {
    builder.variable("v\(builder.variables.count)", shape: shape)
  }

  /// Expects that the graph of `node` has the given problems and no others.
  private func expect(
    _ nodes: Node..., problems: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let outputs = nodes.enumerated().map { (name: "\($0.offset)", node: $0.element) }
    let error = #expect(throws: ShapeError.self, sourceLocation: sourceLocation) {
      try builder.finish(outputs: outputs)
    }
    #expect(error?.problems == problems, sourceLocation: sourceLocation)
    #expect(
      error?.description == problems.joined(separator: "\n"), sourceLocation: sourceLocation)
  }

  // MARK: Sources

  @Test func inputs() {
    expect(
      builder.placeholder("a", [4, .batch]), builder.placeholder("b", [.batch, 0, 3]),
      builder.placeholder("rows", [.batch, 2]),
      builder.placeholder("c", [.batch, .symbol("time")]),
      problems: "Input 'a' has the shape [4, batch]; only the first extent may be a symbol.",
      "Input 'b' has the shape [0, 3]; every extent must be at least 1, not 0.",
      "The name 'rows' is taken; name each input and variable differently.",
      "Input 'c' has the shape [batch, time]; only the first extent may be a symbol.")
  }

  @Test func variables() {
    expect(
      builder.variable("a", shape: [3, 0]), builder.variable("rows", shape: [2]),
      builder.variable("b", shape: [-1]), builder.variable("c", shape: [1 << 40, 1 << 40]),
      problems: "Variable 'a' has the shape [3, 0]; every extent must be at least 1, not 0.",
      "The name 'rows' is taken; name each input and variable differently.",
      "Variable 'b' has the shape [-1]; every extent must be at least 1, not -1.",
      "Variable 'c' has the shape [1099511627776, 1099511627776]; it may have at most "
        + "1099511627776 elements.")
  }

  /// Sizes from a file must not end the process.
  @Test func sizesThatOverflow() {
    let big = 1 << 20
    let cube = variable([big, 1, 1]) + variable([1, big - 1, 1])
    expect(
      builder.placeholder("a", [.batch, .fixed(1 << 32), .fixed(1 << 32)]).flattened(),
      cube + variable([1, 1, big]), sum(cube),
      problems:
        "Input 'a' has the shape [4294967296, 4294967296]; it may have at most 1099511627776 "
        + "elements.",
      "'arithmetic' expects a result of at most 1099511627776 elements; it would be "
        + "[1048576, 1048575, 1048576].")
  }

  @Test func sourcesThatAreWrongAreNotJudgedFurther() {
    let a = builder.placeholder("a", [4, .batch])
    let w = builder.variable("w", shape: [0, 3])
    expect(
      matmul(a, variable([6, 2])), matmul(rows, w), a + rows,
      problems: "Input 'a' has the shape [4, batch]; only the first extent may be a symbol.",
      "Variable 'w' has the shape [0, 3]; every extent must be at least 1, not 0.")
  }

  @Test func outputsOfOneName() {
    let error = #expect(throws: ShapeError.self) {
      try builder.finish(outputs: [(name: "y", node: rows), (name: "y", node: images)])
    }
    #expect(
      error?.problems == ["Two outputs have the same name; name each output differently."])
  }

  // MARK: Operations

  @Test func arithmetic() {
    expect(
      rows + variable([5]), rows * labels, maximum(variable([2, 3]), variable([3, 2])),
      rows - images, rows + variable([1, 1, 6]), variable([2, 3]) / rows,
      builder.placeholder("many", [.batch, 1, 1, 1, 1, 1, 1, 1, 1]) + 1,
      problems:
        "'arithmetic' expects two shapes that are equal or can be repeated to be (from the last "
        + "extent backward: equal, or one of them 1); it was given [batch, 6] and [5].",
      "'arithmetic' expects numbers; it was given [batch, 6] and [batch] of int32.",
      "'arithmetic' expects two shapes that are equal or can be repeated to be (from the last "
        + "extent backward: equal, or one of them 1); it was given [2, 3] and [3, 2].",
      "'arithmetic' expects two shapes that are equal or can be repeated to be (from the last "
        + "extent backward: equal, or one of them 1); it was given [batch, 6] and "
        + "[batch, 4, 5, 3].",
      "'arithmetic' expects inputs whose result has no symbol behind its first extent; it would be "
        + "[1, batch, 6] (give each input its own leading extent).",
      "'arithmetic' expects two shapes that are equal or can be repeated to be (from the last "
        + "extent backward: equal, or one of them 1); it was given [2, 3] and [batch, 6].",
      "'arithmetic' expects at most 8 dimensions; it was given [batch, 1, 1, 1, 1, 1, 1, 1, 1] and "
        + "[].")
  }

  @Test func functions() {
    expect(
      relu(labels), softmax(labels), softmax(sum(rows)), sum(labels), dropout(labels, rate: 0.1),
      dropout(rows, rate: 1), dropout(rows, rate: -0.5),
      problems: "'elementwise' expects numbers; it was given [batch] of int32.",
      "'softmax' expects numbers with a known last extent, […, classes]; it was given [batch] of "
        + "int32.",
      "'softmax' expects numbers with a known last extent, […, classes]; it was given [].",
      "'reduce' expects numbers; it was given [batch] of int32.",
      "'dropout' expects numbers; it was given [batch] of int32.",
      "'dropout' expects a rate from 0 to less than 1; it has 1.0.",
      "'dropout' expects a rate from 0 to less than 1; it has -0.5.")
  }

  @Test func products() {
    expect(
      matmul(rows, variable([5, 2])), matmul(rows, variable([6])),
      matmul(labels, variable([6, 2])),
      matmul(variable([6]), variable([6, 2])), matmul(variable([3, 2]), rows),
      problems:
        "'matmul' expects rows as long as the matrix is high: […, k] and [k, n]; it was given "
        + "[batch, 6] and [5, 2].",
      "'matmul' expects rows of shape […, k] and a matrix of shape [k, n]; it was given [batch, 6] "
        + "and [6].",
      "'matmul' expects numbers; it was given [batch] of int32 and [6, 2].",
      "'matmul' expects rows of shape […, k] and a matrix of shape [k, n]; it was given [6] and "
        + "[6, 2].",
      "'matmul' expects rows of shape […, k] and a matrix of shape [k, n]; it was given [3, 2] and "
        + "[batch, 6].")
  }

  @Test func convolutions() {
    let whole = builder.placeholder("whole", [3, 3, 3, 2], elementType: .int32)
    expect(
      convolve2D(rows, variable([3, 3, 3, 2])),
      convolve2D(builder.placeholder("line", [.batch, 4, 3]), variable([3, 3, 3, 2])),
      convolve2D(images, variable([3, 3, 2])), convolve2D(images, variable([3, 3, 2, 2])),
      convolve2D(images, variable([3, 3, 3, 3]), groups: 2),
      convolve2D(images, variable([5, 3, 3, 2])),
      convolve2D(images, variable([3, 3, 3, 2]), strides: 0),
      convolve2D(images, variable([3, 3, 3, 2]), padding: .uniform(-1)),
      convolve2D(images, whole), convolve2D(images, variable([3, 3, 3, 2]), groups: 0),
      problems:
        "'conv2d' expects images, [batch, height, width, channels]; it was given [batch, 6] (add "
        + "Reshape([height, width, channels]) before it).",
      "'conv2d' expects images, [batch, height, width, channels]; it was given [batch, 4, 3].",
      "'conv2d' expects weights [height, width, inputChannels, outputChannels]; it was given "
        + "[3, 3, 2].",
      "'conv2d' expects 2 input channels and output channels that 1 groups divide; it was given "
        + "[batch, 4, 5, 3] and weights [3, 3, 2, 2].",
      "'conv2d' expects 6 input channels and output channels that 2 groups divide; it was given "
        + "[batch, 4, 5, 3] and weights [3, 3, 3, 3].",
      "'conv2d' expects a window that fits its images: a kernel that spans 5 x 3 pixels does not "
        + "fit an image of 4 x 5 pixels, padding included (use padding: .same, a smaller window, or "
        + "fewer poolings and strides before it).",
      "'conv2d' expects a window that fits its images: vertical stride is 0; it must be at least 1 "
        + "(use padding: .same, a smaller window, or fewer poolings and strides before it).",
      "'conv2d' expects a window that fits its images: top padding is -1; it must be at least 0 "
        + "(use padding: .same, a smaller window, or fewer poolings and strides before it).",
      "'conv2d' expects weights [height, width, inputChannels, outputChannels]; it was given "
        + "[3, 3, 3, 2] of int32.",
      "'conv2d' expects at least 1 group; it has 0.")
  }

  @Test func pooling() {
    expect(
      maxPool2D(rows, poolSize: 2, strides: 2), averagePool2D(images, poolSize: 5, strides: 1),
      maxPool2D(images, poolSize: 2, strides: 2, padding: .uniform(2)),
      maxPool2D(images, poolSize: 2, strides: 0), globalAveragePool2D(rows),
      problems:
        "'pool2d' expects images, [batch, height, width, channels]; it was given [batch, 6] (add "
        + "Reshape([height, width, channels]) before it).",
      "'pool2d' expects a window that fits its images: a window of 5 x 5 pixels does not fit an "
        + "image of 4 x 5 pixels, padding included (use padding: .same, a smaller window, or fewer "
        + "poolings and strides before it).",
      "'pool2d' expects a window that fits its images: the padding must be smaller than the window "
        + "of 2 x 2 (use padding: .same, a smaller window, or fewer poolings and strides before "
        + "it).",
      "'pool2d' expects a window that fits its images: vertical stride is 0; it must be at least 1 "
        + "(use padding: .same, a smaller window, or fewer poolings and strides before it).",
      "'global_average_pool2d' expects images, [batch, height, width, channels]; it was given "
        + "[batch, 6] (add Reshape([height, width, channels]) before it).")
  }

  @Test func normalization() {
    func normalized(
      _ x: Node, _ parameter: Node, statistic: Node? = nil, momentum: Float = 0.9,
      epsilon: Float = 1e-3
    ) -> Node {
      let statistic =
        statistic
        ?? builder.variable(
          "v\(builder.variables.count)", shape: parameter.type.fixedShape, isTrainable: false)
      return batchNormalization(
        x, scale: parameter, offset: parameter, runningMean: statistic, runningVariance: statistic,
        momentum: momentum, epsilon: epsilon)
    }
    let whole = builder.placeholder("whole", [6], elementType: .int32)
    expect(
      normalized(variable([6]), variable([6])), normalized(rows, variable([5])),
      normalized(rows, variable([6]), momentum: 1.5), normalized(rows, variable([6]), epsilon: 0),
      normalized(rows, whole), normalized(rows, variable([6]), statistic: variable([6])),
      normalized(rows, variable([6]), statistic: square(variable([6]))),
      problems:
        "'batch_normalization' expects examples with channels, […, channels]; it was given [6].",
      "'batch_normalization' expects parameters of shape [6]; it was given [5].",
      "'batch_normalization' expects a momentum from 0 to 1 and a positive epsilon; it has 1.5 and "
        + "0.001.",
      "'batch_normalization' expects a momentum from 0 to 1 and a positive epsilon; it has 0.9 and "
        + "0.0.",
      "'batch_normalization' expects parameters of shape [6]; it was given [6] of int32.",
      "'batch_normalization' expects variables that are not trainable for the statistics that it "
        + "updates (make them with isTrainable: false).",
      "'batch_normalization' expects variables that are not trainable for the statistics that it "
        + "updates (make them with isTrainable: false).")
  }

  @Test func shapes() {
    expect(
      rows.reshaped(to: [7]), variable([6]).reshaped(to: [2, 2]), rows.reshaped(to: [-2, -3]),
      concatenate([rows, variable([6])]), concatenate([labels, labels]),
      concatenate([images, images.reshaped(to: [5, 4, 3])]), concatenate([sum(rows), sum(rows)]),
      labels.paddingChannels(before: 1, after: 1), rows.paddingChannels(before: -1, after: 0),
      labels.scaled(by: [1], offset: [1]), rows.scaled(by: [1, 2], offset: [1, 2]),
      rows.scaled(by: [1], offset: [1, 2]),
      problems:
        "'reshape' expects 7 elements per example for the shape [7]; it was given [batch, 6], 6 "
        + "elements.",
      "'reshape' expects 4 elements per example for the shape [2, 2]; it was given [6], 6 elements.",
      "'reshape' expects as many as [-2, -3] elements per example for the shape [-2, -3]; it was "
        + "given [batch, 6], 6 elements.",
      "'concatenate' expects shapes that are equal but for the last extent; it was given "
        + "[batch, 6], [6].",
      "'concatenate' expects shapes that are equal but for the last extent; it was given [batch] of "
        + "int32, [batch] of int32.",
      "'concatenate' expects shapes that are equal but for the last extent; it was given "
        + "[batch, 4, 5, 3], [batch, 5, 4, 3].",
      "'concatenate' expects shapes that are equal but for the last extent; it was given [], [].",
      "'pad_channels' expects a known last extent and counts of at least 0; it was given [batch] of "
        + "int32, 1 and 1.",
      "'pad_channels' expects a known last extent and counts of at least 0; it was given "
        + "[batch, 6], -1 and 0.",
      "'scale' expects numbers; it was given [batch] of int32.",
      "'scale' expects one scale and one offset, or one of each for every channel; it has 2 and 2 "
        + "for [batch, 6].",
      "'scale' expects one scale and one offset, or one of each for every channel; it has 1 and 2 "
        + "for [batch, 6].")
  }

  @Test func losses() {
    expect(
      softmaxCrossEntropyLoss(logits: labels, targets: labels),
      softmaxCrossEntropyLoss(logits: images, targets: labels),
      softmaxCrossEntropyLoss(logits: rows, targets: variable([6])),
      softmaxCrossEntropyLoss(logits: rows, targets: labels, labelSmoothing: 1.5),
      softmaxCrossEntropyLoss(logits: rows, targets: labels, classWeights: [1, 2]),
      meanSquaredErrorLoss(prediction: rows, targets: images),
      binaryCrossEntropyLoss(logits: labels, targets: labels),
      huberLoss(prediction: rows, targets: rows, delta: 0),
      problems:
        "'softmax_cross_entropy' expects logits of shape […, classes]; it was given [batch] "
        + "of int32.",
      "'softmax_cross_entropy' expects one label for each row of logits, or a probability for each "
        + "logit; it was given logits [batch, 4, 5, 3] and targets [batch] of int32.",
      "'softmax_cross_entropy' expects one label for each row of logits, or a probability for each "
        + "logit; it was given logits [batch, 6] and targets [6].",
      "'softmax_cross_entropy' expects a label smoothing from 0 to 1; it has 1.5.",
      "'softmax_cross_entropy' expects a weight for each of the 6 classes; it has 2.",
      "'element_loss' expects predictions and targets of one shape; it was given [batch, 6] and "
        + "[batch, 4, 5, 3].",
      "'element_loss' expects predictions and targets of one shape; it was given [batch] of int32 "
        + "and [batch] of int32.", "'element_loss' expects a positive delta; it has 0.0.")
  }

  // MARK: Order

  @Test func onlyTheFirstMistakeOfAChainIsTold() {
    var x = matmul(rows, variable([5, 2]))
    x = relu(convolve2D(x + variable([7]), variable([3, 3])))
    x = concatenate([x.flattened(), rows]).reshaped(to: [1000])
    x = softmaxCrossEntropyLoss(logits: x, targets: labels)
    #expect(x.isUnknown)
    expect(
      x,
      problems:
        "'matmul' expects rows as long as the matrix is high: […, k] and [k, n]; it was given "
        + "[batch, 6] and [5, 2].")
  }

  @Test func mistakesAreToldInTheOrderOfTracing() {
    let left = rows.reshaped(to: [5])
    let right = globalAveragePool2D(rows)
    let good = rows.reshaped(to: [3, 2])
    expect(
      left + right, matmul(good, variable([3, 1])), left,
      problems:
        "'reshape' expects 5 elements per example for the shape [5]; it was given [batch, 6], 6 "
        + "elements.",
      "'global_average_pool2d' expects images, [batch, height, width, channels]; it was given "
        + "[batch, 6] (add Reshape([height, width, channels]) before it).",
      "'matmul' expects rows as long as the matrix is high: […, k] and [k, n]; it was given "
        + "[batch, 3, 2] and [3, 1].")
  }

  @Test func theLayerBeingTracedIsNamed() {
    builder.setLabels([:])
    let identity = LayerIdentity(name: "head")
    let y = builder.scope(identity, kind: "Head(3)") { _ in matmul(rows, variable([5, 2])) }
    let other = LayerIdentity()
    builder.setLabels([
      other: LayerLabel(path: "body.1", kind: "Body", position: 2, layerCount: 7)
    ])
    let z = builder.scope(other, kind: "Body") { _ in softmax(sum(rows)) }
    expect(
      y, z,
      problems:
        "'head': Head(3) expects rows as long as the matrix is high: […, k] and [k, n]; it was given "
        + "[batch, 6] and [5, 2].",
      "Layer 2 of 7, 'body.1': Body expects numbers with a known last extent, […, classes]; it was "
        + "given [].")
  }

  @Test func variablesOfALayerUsedInTwoPlaces() {
    func weight(_ label: LayerLabel, _ shape: Shape) -> Node {
      builder.variable(
        "weight", in: label, shape: shape, initializer: .zeros, fan: Variable.Fan(in: 1, out: 1))
    }
    let identity = LayerIdentity(name: "shared")
    let first = builder.scope(identity, kind: "Shared") { weight($0, [6, 2]) }
    let same = builder.scope(identity, kind: "Shared") { weight($0, [6, 2]) }
    let other = builder.scope(identity, kind: "Shared") { weight($0, [2, 6]) }
    #expect(first.index == same.index)
    #expect(other.isUnknown)
    expect(
      matmul(rows, other),
      problems:
        "'shared': Shared was first used where its weight has the shape [6, 2], and here it would "
        + "need [2, 6]; use a layer of its own for each place.")
  }

  @Test func whatIsRightIsNotRefused() throws {
    let y = softmaxCrossEntropyLoss(logits: rows, targets: labels)
    let graph = try builder.finish(outputs: [(name: "y", node: y), (name: "z", node: rows)])
    #expect(graph.outputs.map(\.name) == ["y", "z"])
    #expect(graph.outputs.map(\.type.description) == ["[]", "[batch, 6]"])
  }
}
