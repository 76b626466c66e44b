import Graphs
import Kernels
import Tensors
import Threads

/// Layers, through graphs and plans.
let layerRunners: [String: ReferenceRunner] = [
  "conv2d": { testCase in
    let hasBias = testCase.has("b")
    let function = try testCase.activation()
    let strides = try testCase.size("strides", default: [1, 1])
    let dilations = try testCase.size("dilation", default: [1, 1])
    let (padding, groups) = (try testCase.padding(), try testCase.integer("groups", default: 1))
    try LayerRunner(data: "x", parameters: hasBias ? ["w", "b"] : ["w"])(testCase) { inputs in
      let product = convolve2D(
        try inputs.node("x"), try inputs.node("w"), strides: strides, padding: padding,
        dilations: dilations, groups: groups)
      return activation(function, hasBias ? product + (try inputs.node("b")) : product)
    }
  },
  "dense": { testCase in
    let hasBias = testCase.has("b")
    let function = try testCase.activation()
    try LayerRunner(data: "x", parameters: hasBias ? ["w", "b"] : ["w"])(testCase) { inputs in
      let product = matmul(try inputs.node("x"), try inputs.node("w"))
      return activation(function, hasBias ? product + (try inputs.node("b")) : product)
    }
  },
  "max_pool2d": { testCase in
    let (size, padding) = (try testCase.size("pool"), try testCase.padding())
    let strides = try testCase.size("strides", default: [size.height, size.width])
    try LayerRunner(data: "x")(testCase) { inputs in
      maxPool2D(try inputs.node("x"), poolSize: size, strides: strides, padding: padding)
    }
  },
  "average_pool2d": { testCase in
    guard try !testCase.boolean("count_include_pad", default: false) else {
      throw ReferenceSkip("padding counts in the averages")
    }
    let (size, padding) = (try testCase.size("pool"), try testCase.padding())
    let strides = try testCase.size("strides", default: [size.height, size.width])
    try LayerRunner(data: "x")(testCase) { inputs in
      averagePool2D(try inputs.node("x"), poolSize: size, strides: strides, padding: padding)
    }
  },
  "global_average_pool2d": { testCase in
    try LayerRunner(data: "x")(testCase) { globalAveragePool2D(try $0.node("x")) }
  },
  // There is a kernel, and no operation yet.
  "global_max_pool2d": { testCase in
    let shape = try testCase.shape("x")
    let (batch, pixels, channels) = (shape[0], shape[1] * shape[2], shape[3])
    let team = WorkerTeam(threadCount: 2)
    var indices = [Int32](repeating: 0, count: batch * channels)
    var y = [Float](repeating: 0, count: batch * channels)
    var dx = [Float](repeating: 0, count: shape.count)
    Pooling.globalMaximumForward(
      batch: batch, pixels: pixels, channels: channels, x: try testCase.floats("x"), y: &y,
      indices: &indices, team: team)
    Pooling.globalMaximumBackward(
      batch: batch, pixels: pixels, channels: channels, dy: try testCase.floats("dy"),
      indices: indices, dx: &dx, accumulate: false, team: team)
    try testCase.check("y", actual: y, shape: [batch, channels])
    try testCase.check("d_x", actual: dx, shape: shape)
  },
  "batch_norm": { testCase in
    let momentum = Float(try testCase.number("momentum", default: 0.9))
    let epsilon = Float(try testCase.number("epsilon"))
    let runner = LayerRunner(
      data: "x", parameters: ["gamma", "beta"],
      statistics: [("running_mean", "new_running_mean"), ("running_var", "new_running_var")],
      isTraining: try testCase.boolean("training"))
    try runner(testCase) { inputs in
      batchNormalization(
        try inputs.node("x"), scale: try inputs.node("gamma"), offset: try inputs.node("beta"),
        runningMean: try inputs.node("running_mean"),
        runningVariance: try inputs.node("running_var"), momentum: momentum, epsilon: epsilon)
    }
  },
]

/// Activation functions, each an op of its own.
let activationRunners: [String: ReferenceRunner] = activationFunctions.mapValues { function in
  { testCase in
    let function = try testCase.activation(testCase.op)
    try LayerRunner(data: "x")(testCase) { activation(function, try $0.node("x")) }
  }
}

extension [String: Node] {
  /// The node of an input of the case.
  func node(_ name: String) throws -> Node {
    guard let node = self[name] else { throw ReferenceError("The runner lacks the input \(name).") }
    return node
  }
}
