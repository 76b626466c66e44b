public import Graphs
import Tensors

/// A two-dimensional convolution: `y = activation(x ∗ W + b)`.
///
/// Takes images `[batch, height, width, channels]`, gives
/// `[batch, outputHeight, outputWidth, outputChannels]`. Variables: `weight`
/// `[kernelHeight, kernelWidth, channels / groups, outputChannels]`, `bias` `[outputChannels]`
/// (zeros at first).
public struct Conv2D: IdentifiedLayer {
  /// What the layer's weights hang on.
  public let identity: LayerIdentity
  /// Channels of the result.
  public let outputChannels: Int
  /// The window.
  public let kernelSize: Size2D
  /// Steps of the window.
  public let strides: Size2D
  /// What lies around the image.
  public let padding: Padding
  /// Distances between the elements of the window.
  public let dilations: Size2D
  /// How many groups of channels are convolved apart.
  public let groups: Int
  /// Channels that the layer expects; nil takes what comes.
  public let inputChannels: Int?
  /// What is applied to the result.
  public let activation: ActivationFunction
  /// Whether there is a bias.
  public let useBias: Bool
  /// How the weights are drawn at first.
  public let weightInitializer: Initializer

  /// Creates a layer.
  ///
  /// - Parameters:
  ///   - outputChannels: Channels of the result.
  ///   - kernelSize: The window.
  ///   - strides: Steps of the window.
  ///   - padding: What lies around the image: nothing, zeros to keep the size, or as stated.
  ///   - dilations: Distances between the elements of the window.
  ///   - groups: How many groups of channels are convolved apart; as many as there are channels
  ///     makes a depthwise convolution.
  ///   - inputChannels: Channels that the layer expects; by default what comes.
  ///   - activation: What is applied to the result; by default nothing.
  ///   - useBias: Whether there is a bias.
  ///   - weightInitializer: How the weights are drawn at first; by default He's uniform
  ///     distribution before relu and its relatives, else Glorot's.
  ///   - name: The layer's name in model files, in the place of its position or property.
  public init(
    outputChannels: Int, kernelSize: Size2D, strides: Size2D = 1, padding: Padding = .valid,
    dilations: Size2D = 1, groups: Int = 1, inputChannels: Int? = nil,
    activation: ActivationFunction = .identity, useBias: Bool = true,
    weightInitializer: Initializer? = nil, name: String? = nil
  ) {
    self.identity = LayerIdentity(name: name)
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.groups = groups
    self.inputChannels = inputChannels
    self.activation = activation
    self.useBias = useBias
    self.weightInitializer = weightInitializer ?? .standard(before: activation)
  }

  /// `Conv2D(32, 3×3)`.
  public var kind: String { "Conv2D(\(outputChannels), \(kernelSize))" }

  /// Adds the layer to the graph of `x`.
  public func callAsFunction(_ x: Node) -> Node {
    trace(x) { label in
      let image = x.type.fixedShape
      guard x.type.isBatched, image.rank == 3, x.type.elementType == .float32 else {
        return reject(
          x,
          "expects images, [height, width, channels]; it was given an input of shape "
            + "\(image)\(image.rank < 3 ? " (add Reshape([height, width, channels]) before it)" : "")."
        )
      }
      guard outputChannels >= 1, groups >= 1, kernelSize.height >= 1, kernelSize.width >= 1 else {
        return reject(
          x,
          "needs at least one output channel, one group and a 1×1 window; it has "
            + "\(outputChannels), \(groups) and \(kernelSize).")
      }
      let channels = image[2]
      if let inputChannels, inputChannels != channels {
        return reject(
          x,
          "was made for \(inputChannels) channels; it was given an input of shape \(image) (leave "
            + "inputChannels out, or correct it).")
      }
      guard channels % groups == 0, outputChannels % groups == 0 else {
        return reject(
          x,
          "needs input and output channels that its \(groups) groups divide; there are \(channels) "
            + "and \(outputChannels).")
      }
      let shape = Shape([kernelSize.height, kernelSize.width, channels / groups, outputChannels])
      guard let count = shape.checkedCount, count <= NodeType.mostElements else {
        return reject(x, "would have too many weights, \(shape).")
      }
      let fan = Variable.Fan(
        in: kernelSize.area * channels / groups, out: kernelSize.area * outputChannels / groups)
      let weight = x.builder.variable(
        "weight", in: label,
        shape: shape, initializer: weightInitializer, fan: fan)
      var y = convolve2D(
        x, weight, strides: strides, padding: padding, dilations: dilations, groups: groups)
      if useBias && !y.isUnknown {
        y =
          y
          + x.builder.variable(
            "bias", in: label, shape: [outputChannels], initializer: .zeros, fan: fan)
      }
      return Graphs.activation(activation, y)
    }
  }
}
