import Graphs
import Kernels
import Tensors
import TestSupport
import Testing

/// A small graph around one operation.
struct OperationCase: Sendable, CustomTestStringConvertible {
  let kind: String
  let name: String
  var isTraining = true
  var mostSkipped = 0.1
  /// What inputs read that may not be random.
  var feeds: [String: [Float]] = [:]
  let build: @Sendable (GraphBuilder) -> Node

  var testDescription: String { "\(kind): \(name)" }
}

extension GraphBuilder {
  /// A variable of numbers between the bounds, by default as far above zero as below.
  fileprivate func variable(
    _ name: String, _ shape: Shape, from low: Float = -1, to high: Float? = nil,
    isTrainable: Bool = true
  ) -> Node {
    variable(
      name, shape: shape, initializer: .uniform(from: low, to: high ?? -low),
      isTrainable: isTrainable)
  }

  /// An operation that is made as from a model file.
  fileprivate func made(_ kind: String, _ attributes: Attributes, _ inputs: [Node]) -> Node {
    do {
      return add(try OperationRegistry.make(kind: kind, attributes: attributes), inputs)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

private let functionCases = ElementwiseFunction.allCases.map { function in
  OperationCase(kind: "elementwise", name: "\(function)") { builder in
    var attributes: Attributes = ["function": .string(function.name)]
    if function.hasParameter { attributes["parameter"] = .float(0.25) }
    let isPositive = [.log, .squareRoot, .reciprocal].contains(function)
    let x = builder.variable("x", [5, 9], from: isPositive ? 0.5 : -2, to: 2)
    // relu6, hardSigmoid and hardSwish bend at 6, 3 and −3.
    let isWide = [.relu6, .hardSigmoid, .hardSwish].contains(function)
    return builder.made("elementwise", attributes, [isWide ? x * 3.5 : x])
  }
}

private let arithmeticShapes: [(left: Shape, right: Shape)] = [
  ([3, 4], [3, 4]), ([3, 4], [4]), ([4], [3, 4]), ([2, 3, 4], [3, 1]), ([1, 4], [3, 1]),
  ([2, 3], []), ([], [2, 3]), ([], []), ([2, 1, 2], [1, 3, 1]), ([6, 70], [70]),
]

private let arithmeticCases = BinaryOperation.allCases.flatMap { operation in
  // A maximum needs numbers of which some are larger on the left and some on the right: of two
  // single numbers only one is, and a number for all must lie in the middle.
  let chooses = operation == .maximum || operation == .minimum
  return arithmeticShapes.filter { !chooses || $0.left.rank + $0.right.rank > 0 }.map { shapes in
    let (left, right) = shapes
    return OperationCase(kind: "arithmetic", name: "\(operation) \(left) \(right)") { builder in
      let a = builder.variable("a", left, from: left.rank == 0 && chooses ? -0.1 : -1)
      let b =
        chooses
        ? builder.variable("b", right, from: right.rank == 0 ? -0.1 : -1)
        : builder.variable("b", right, from: 0.5, to: 2)
      return builder.made("arithmetic", ["operation": .string("\(operation)")], [a, b])
    }
  }
}

private typealias ConvolutionSetting = (
  name: String, images: Shape, weights: Shape, strides: Size2D, dilations: Size2D, groups: Int,
  padding: Padding
)

private let convolutionSettings: [ConvolutionSetting] = [
  ("plain", [2, 5, 6, 3], [3, 3, 3, 4], 1, 1, 1, .valid),
  ("same", [2, 5, 6, 3], [3, 2, 3, 4], 1, 1, 1, .same),
  ("strides", [2, 7, 6, 2], [3, 3, 2, 3], Size2D(height: 2, width: 3), 1, 1, .same),
  ("dilations", [1, 7, 8, 2], [3, 2, 2, 3], 1, Size2D(height: 2, width: 3), 1, .valid),
  ("groups", [2, 4, 4, 4], [3, 3, 2, 6], 1, 1, 2, .same),
  ("depthwise", [2, 4, 4, 5], [3, 3, 1, 5], 2, 1, 5, .same),
  ("point", [2, 3, 4, 5], [1, 1, 5, 3], 1, 1, 1, .valid),
  (
    "explicit", [1, 4, 3, 2], [3, 3, 2, 2], 1, 1, 1, .explicit(top: 2, left: 0, bottom: 1, right: 3)
  ),
]

private let convolutionCases = convolutionSettings.map { setting in
  OperationCase(kind: "conv2d", name: setting.name) { builder in
    convolve2D(
      builder.variable("x", setting.images), builder.variable("w", setting.weights),
      strides: setting.strides, padding: setting.padding, dilations: setting.dilations,
      groups: setting.groups)
  }
}

private typealias PoolingSetting = (
  name: String, images: Shape, size: Size2D, strides: Size2D, padding: Padding
)

private let poolingSettings: [PoolingSetting] = [
  ("plain", [2, 4, 6, 3], 2, 2, .valid), ("same", [2, 5, 5, 2], 2, 2, .same),
  ("overlapping", [1, 6, 5, 3], 3, Size2D(height: 1, width: 2), .same),
  ("explicit", [2, 4, 4, 2], 3, 2, .explicit(top: 1, left: 0, bottom: 2, right: 1)),
]

private let poolingCases = poolingSettings.flatMap { setting in
  [
    OperationCase(kind: "pool2d", name: "maximum, \(setting.name)") { builder in
      maxPool2D(
        builder.variable("x", setting.images), poolSize: setting.size, strides: setting.strides,
        padding: setting.padding)
    },
    OperationCase(kind: "pool2d", name: "average, \(setting.name)") { builder in
      averagePool2D(
        builder.variable("x", setting.images), poolSize: setting.size, strides: setting.strides,
        padding: setting.padding)
    },
  ]
}

private func normalizationCase(_ shape: Shape, isTraining: Bool) -> OperationCase {
  OperationCase(
    kind: "batch_normalization", name: "\(shape), training: \(isTraining)", isTraining: isTraining
  ) { builder in
    let channels = Shape([shape.dimensions.last ?? 1])
    return batchNormalization(
      builder.variable("x", shape), scale: builder.variable("scale", channels),
      offset: builder.variable("offset", channels),
      runningMean: builder.variable("mean", channels, isTrainable: false),
      runningVariance: builder.variable("variance", channels, from: 0.5, to: 2, isTrainable: false),
      momentum: 0.9, epsilon: 1e-3)
  }
}

private let normalizationCases = [
  normalizationCase([7, 3], isTraining: true), normalizationCase([7, 3], isTraining: false),
  normalizationCase([2, 3, 2, 5], isTraining: true),
  normalizationCase([2, 3, 2, 5], isTraining: false),
]

private let probabilities: [Float] = (0..<5).flatMap { row -> [Float] in
  let first = Float(row) / 8
  return [first, 1 - first - 0.25, 0.25]
}

private func crossEntropyCases(smoothing: Float, weights: [Float]) -> [OperationCase] {
  [
    OperationCase(
      kind: "softmax_cross_entropy", name: "labels, \(smoothing), \(weights)"
    ) { builder in
      softmaxCrossEntropyLoss(
        logits: builder.variable("x", [5, 3]),
        targets: builder.placeholder("labels", [5], elementType: .int32),
        labelSmoothing: smoothing, classWeights: weights)
    },
    OperationCase(
      kind: "softmax_cross_entropy", name: "probabilities, \(smoothing), \(weights)",
      feeds: ["targets": probabilities]
    ) { builder in
      softmaxCrossEntropyLoss(
        logits: builder.variable("x", [5, 3]), targets: builder.placeholder("targets", [5, 3]),
        labelSmoothing: smoothing, classWeights: weights)
    },
  ]
}

private let lossCases: [OperationCase] =
  crossEntropyCases(smoothing: 0, weights: [])
  + crossEntropyCases(smoothing: 0.1, weights: [])
  + crossEntropyCases(smoothing: 0.1, weights: [0.5, 2, 1])
  + [
    OperationCase(
      kind: "element_loss", name: "binary cross-entropy",
      feeds: ["targets": [0, 1, 0.3, 1, 0, 1]]
    ) { builder in
      binaryCrossEntropyLoss(
        logits: builder.variable("x", [2, 3]), targets: builder.placeholder("targets", [2, 3]))
    },
    OperationCase(kind: "element_loss", name: "squared error") { builder in
      meanSquaredErrorLoss(
        prediction: builder.variable("x", [2, 3]), targets: builder.placeholder("targets", [2, 3]))
    },
    OperationCase(kind: "element_loss", name: "absolute error") { builder in
      meanAbsoluteErrorLoss(
        prediction: builder.variable("x", [4, 3]), targets: builder.placeholder("targets", [4, 3]))
    },
    OperationCase(kind: "element_loss", name: "huber") { builder in
      huberLoss(
        prediction: builder.variable("x", [4, 5]), targets: builder.placeholder("targets", [4, 5]),
        delta: 0.5)
    },
  ]

private let otherCases: [OperationCase] = [
  OperationCase(kind: "variable", name: "itself") { $0.variable("x", [3, 2]) },
  OperationCase(kind: "matmul", name: "matrices") { builder in
    matmul(builder.variable("a", [3, 4]), builder.variable("b", [4, 5]))
  },
  OperationCase(kind: "matmul", name: "rows of rank 3") { builder in
    matmul(builder.variable("a", [2, 3, 4]), builder.variable("b", [4, 1]))
  },
  OperationCase(kind: "global_average_pool2d", name: "images") { builder in
    globalAveragePool2D(builder.variable("x", [3, 4, 2, 5]))
  },
  OperationCase(kind: "softmax", name: "softmax") { softmax($0.variable("x", [4, 5])) },
  OperationCase(kind: "softmax", name: "logarithm") {
    activation(.logSoftmax, $0.variable("x", [2, 2, 5]))
  },
  OperationCase(kind: "reshape", name: "of a variable") {
    $0.variable("x", [4, 3]).reshaped(to: [2, 6])
  },
  OperationCase(kind: "reshape", name: "of a value") {
    square($0.variable("x", [4, 3])).reshaped(to: [12])
  },
  OperationCase(kind: "concatenate", name: "three") { builder in
    concatenate([
      builder.variable("a", [3, 2]), builder.variable("b", [3, 1]), builder.variable("c", [3, 4]),
    ])
  },
  OperationCase(kind: "concatenate", name: "vectors") { builder in
    concatenate([builder.variable("a", [3]), builder.variable("b", [2])])
  },
  OperationCase(kind: "pad_channels", name: "both sides") {
    $0.variable("x", [2, 3, 2]).paddingChannels(before: 1, after: 2)
  },
  OperationCase(kind: "dropout", name: "training") {
    dropout($0.variable("x", [6, 8]), rate: 0.4)
  },
  OperationCase(kind: "dropout", name: "inference", isTraining: false) {
    dropout($0.variable("x", [6, 8]), rate: 0.4)
  },
  OperationCase(kind: "reduce", name: "sum") { sum($0.variable("x", [3, 4])) },
  OperationCase(kind: "reduce", name: "mean") { mean($0.variable("x", [3, 4])) },
  OperationCase(kind: "scale", name: "one for all") {
    $0.variable("x", [3, 4]).scaled(by: [0.3], offset: [1])
  },
  OperationCase(kind: "scale", name: "one a channel") {
    $0.variable("x", [3, 2]).scaled(by: [0.3, -2], offset: [1, 2])
  },
]

private let operationCases =
  functionCases + arithmeticCases + convolutionCases + poolingCases + normalizationCases
  + lossCases + otherCases

/// Every operation's backward pass against differences of its forward pass.
@Suite struct OperationGradientTests {
  @Test(arguments: operationCases) func gradient(_ testCase: OperationCase) throws {
    let builder = GraphBuilder()
    let y = testCase.build(builder)
    #expect(builder.nodes.contains { $0.operation.kind == testCase.kind })
    try GradientCheck.expect(
      y, isTraining: testCase.isTraining, mostSkipped: testCase.mostSkipped,
      testCase.testDescription
    ) { run in
      for (name, values) in testCase.feeds { run.feed(name, values) }
    }
  }

  /// What is fed and what is constant have no gradient; all else must have a check above.
  @Test func everyOperationHasACheck() {
    let checked = Set(operationCases.map(\.kind))
    for kind in OperationRegistry.kinds where !["input", "constant"].contains(kind) {
      #expect(checked.contains(kind), "'\(kind)' has no gradient check")
    }
  }

  /// The gradient of every variable is there already when that of the operation arrives.
  @Test(arguments: operationCases) func gradientIsAdded(_ testCase: OperationCase) throws {
    let builder = GraphBuilder()
    var total = sum(testCase.build(builder))
    for index in builder.nodes.indices {
      guard let operation = builder.nodes[index].operation as? VariableOperation,
        builder.variables[operation.index].isTrainable
      else { continue }
      total = total + sum(square(builder.node(at: index)))
    }
    try GradientCheck.expect(
      total, isTraining: testCase.isTraining, tolerance: 5e-3, mostSkipped: 0.3,
      elementsPerVariable: 7, testCase.testDescription
    ) { run in
      for (name, values) in testCase.feeds { run.feed(name, values) }
    }
  }
}
