import Kernels
public import Tensors

// The free operations of a bare graph: what a network written as layers is made of, too.

// MARK: Arithmetic

extension Node {
  /// The sum of each pair of elements, repeated as in NumPy.
  public static func + (left: Node, right: Node) -> Node {
    left.builder.add(ArithmeticOperation(.add), [left, right])
  }

  /// The difference of each pair of elements, repeated as in NumPy.
  public static func - (left: Node, right: Node) -> Node {
    left.builder.add(ArithmeticOperation(.subtract), [left, right])
  }

  /// The product of each pair of elements, repeated as in NumPy.
  public static func * (left: Node, right: Node) -> Node {
    left.builder.add(ArithmeticOperation(.multiply), [left, right])
  }

  /// The quotient of each pair of elements, repeated as in NumPy.
  public static func / (left: Node, right: Node) -> Node {
    left.builder.add(ArithmeticOperation(.divide), [left, right])
  }

  /// Each element plus a number.
  public static func + (left: Node, right: Float) -> Node { left + left.builder.constant(right) }

  /// Each element minus a number.
  public static func - (left: Node, right: Float) -> Node { left - left.builder.constant(right) }

  /// Each element times a number.
  public static func * (left: Node, right: Float) -> Node { left * left.builder.constant(right) }

  /// Each element over a number.
  public static func / (left: Node, right: Float) -> Node { left / left.builder.constant(right) }

  /// A number times each element.
  public static func * (left: Float, right: Node) -> Node { right.builder.constant(left) * right }

  /// A number minus each element.
  public static func - (left: Float, right: Node) -> Node { right.builder.constant(left) - right }

  /// The negative of each element.
  public static prefix func - (node: Node) -> Node {
    node.builder.add(UnaryOperation(.negate), [node])
  }
}

/// The larger of each pair of elements.
public func maximum(_ left: Node, _ right: Node) -> Node {
  left.builder.add(ArithmeticOperation(.maximum), [left, right])
}

/// The smaller of each pair of elements.
public func minimum(_ left: Node, _ right: Node) -> Node {
  left.builder.add(ArithmeticOperation(.minimum), [left, right])
}

/// The product of rows `[…, k]` with a matrix `[k, n]`: `[…, n]`.
public func matmul(_ rows: Node, _ matrix: Node) -> Node {
  rows.builder.add(MatrixProductOperation(), [rows, matrix])
}

// MARK: Functions of each element

/// The square of each element.
public func square(_ x: Node) -> Node { x.builder.add(UnaryOperation(.square), [x]) }

/// The square root of each element.
public func squareRoot(_ x: Node) -> Node { x.builder.add(UnaryOperation(.squareRoot), [x]) }

/// The exponential of each element.
public func exp(_ x: Node) -> Node { x.builder.add(UnaryOperation(.exp), [x]) }

/// The natural logarithm of each element.
public func log(_ x: Node) -> Node { x.builder.add(UnaryOperation(.log), [x]) }

/// The absolute value of each element.
public func absoluteValue(_ x: Node) -> Node { x.builder.add(UnaryOperation(.absoluteValue), [x]) }

/// An activation function of each element, or of each row for softmax.
public func activation(_ function: ActivationFunction, _ x: Node) -> Node {
  function.operation.map { x.builder.add($0, [x]) } ?? x
}

/// max(x, 0) of each element.
public func relu(_ x: Node) -> Node { activation(.relu, x) }

/// 1 / (1 + e⁻ˣ) of each element.
public func sigmoid(_ x: Node) -> Node { activation(.sigmoid, x) }

/// The hyperbolic tangent of each element.
public func tanh(_ x: Node) -> Node { activation(.tanh, x) }

/// Softmax along the last dimension.
public func softmax(_ x: Node) -> Node { activation(.softmax, x) }

// MARK: Reductions

/// The sum of all elements: a scalar.
public func sum(_ x: Node) -> Node { x.builder.add(ReduceOperation(isMean: false), [x]) }

/// The mean of all elements: a scalar.
public func mean(_ x: Node) -> Node { x.builder.add(ReduceOperation(isMean: true), [x]) }

// MARK: Shape

extension Node {
  /// The same elements in another shape: of one example if the node is batched, else of the whole.
  public func reshaped(to shape: Shape) -> Node {
    builder.add(ReshapeOperation(shape: shape), [self])
  }

  /// The same elements, one dimension an example.
  public func flattened() -> Node {
    isUnknown ? self : reshaped(to: [type.fixedShape.count])
  }

  /// `before` zeros before and `after` zeros after the last dimension.
  public func paddingChannels(before: Int, after: Int) -> Node {
    builder.add(PadChannelsOperation(before: before, after: after), [self])
  }

  /// `x · scale + offset`: one of each for all elements, or one for each index of the last
  /// dimension.
  public func scaled(by scale: [Float], offset: [Float]) -> Node {
    builder.add(ScaleOperation(scale: scale, offset: offset), [self])
  }
}

/// Nodes after one another along the last dimension.
///
/// - Precondition: there is at least one node.
public func concatenate(_ nodes: [Node]) -> Node {
  nodes[0].builder.add(ConcatenateOperation(), nodes)
}

// MARK: Images

/// The convolution of images `[batch, height, width, channels]` with weights
/// `[height, width, channels / groups, outputChannels]`.
public func convolve2D(
  _ images: Node, _ weights: Node, strides: Size2D = 1, padding: Padding = .valid,
  dilations: Size2D = 1, groups: Int = 1
) -> Node {
  let window = WindowAttributes(strides: strides, dilations: dilations, padding: padding)
  return images.builder.add(
    ConvolutionOperation(window: window, groups: groups), [images, weights])
}

/// The maximum of each window of images `[batch, height, width, channels]`.
public func maxPool2D(
  _ images: Node, poolSize: Size2D, strides: Size2D, padding: Padding = .valid
) -> Node {
  let window = WindowAttributes(strides: strides, padding: padding)
  return images.builder.add(PoolingOperation(.maximum, size: poolSize, window: window), [images])
}

/// The mean of each window of images `[batch, height, width, channels]`; padding does not count.
public func averagePool2D(
  _ images: Node, poolSize: Size2D, strides: Size2D, padding: Padding = .valid
) -> Node {
  let window = WindowAttributes(strides: strides, padding: padding)
  return images.builder.add(PoolingOperation(.average, size: poolSize, window: window), [images])
}

/// The mean over all positions of each image: `[batch, channels]`.
public func globalAveragePool2D(_ images: Node) -> Node {
  images.builder.add(GlobalAveragePoolingOperation(), [images])
}

// MARK: Normalisation and regularisation

/// Batch normalisation over all but the last dimension (Ioffe and Szegedy, ICML 2015).
///
/// - Parameters:
///   - x: Values, `[…, channels]`.
///   - scale: γ, `[channels]`.
///   - offset: β, `[channels]`.
///   - runningMean: The mean that inference uses, `[channels]`; training updates it.
///   - runningVariance: The variance that inference uses, `[channels]`; training updates it.
///   - momentum: The share of the running statistics that an update keeps.
///   - epsilon: Added to the variance.
public func batchNormalization(
  _ x: Node, scale: Node, offset: Node, runningMean: Node, runningVariance: Node,
  momentum: Float, epsilon: Float
) -> Node {
  x.builder.add(
    BatchNormalizationOperation(momentum: momentum, epsilon: epsilon),
    [x, scale, offset, runningMean, runningVariance])
}

/// In training, zeroes each element with the probability `rate` and divides the others by
/// `1 − rate`.
public func dropout(_ x: Node, rate: Float) -> Node {
  x.builder.add(DropoutOperation(rate: rate), [x])
}
