public import Tensors

/// Well-known networks by name.
///
/// All end in logits and begin by bringing raw pixels to 0…1.
public enum Preset: String, Sendable, CaseIterable {
  /// Two dense layers of 512 with relu.
  case mlp
  /// LeNet-5 (LeCun et al., Proceedings of the IEEE 86, 1998) with relu and max pooling.
  case lenet5
  /// Three 3×3 convolutions of 32, 64 and 64 channels and a dense layer of 64.
  case mnistCNN = "mnist-cnn"
  /// Two 3×3 convolutions of 32 and 64 channels and a dense layer of 128.
  case cifarCNN = "cifar-cnn"
  /// Eight 3×3 convolutions of 64 to 512 channels with batch normalisation (after Simonyan and
  /// Zisserman, ICLR 2015).
  case vgg8
  /// ResNet-18 in its form for images of 32×32 (He et al., CVPR 2016).
  case resnet18
  /// He et al.'s network of 20 layers for CIFAR-10 (CVPR 2016), shortcut A.
  case resnet20
  /// ResNet-50 for images of 224×224, its strides on the 3×3 convolutions (He et al., CVPR 2016; the
  /// form that is known as v1.5).
  case resnet50
  /// A small network for images of 8×8, such as the embedded digits.
  case digitsCNN = "digits-cnn"

  /// The shape of an example where nothing else is said.
  public var defaultInputShape: Shape {
    switch self {
    case .mlp: [784]
    case .lenet5, .mnistCNN: [28, 28, 1]
    case .cifarCNN, .vgg8, .resnet18, .resnet20: [32, 32, 3]
    case .resnet50: [224, 224, 3]
    case .digitsCNN: [8, 8, 1]
    }
  }

  /// The number of classes where nothing else is said.
  public var defaultClassCount: Int { self == .resnet50 ? 1000 : 10 }

  /// The largest value of a raw pixel of the data that the preset is made for where nothing else is
  /// said.
  public static let defaultMaximumPixel: Float = 255

  /// The network for examples of the given shape.
  ///
  /// - Parameters:
  ///   - inputShape: The shape of one example.
  ///   - classCount: The number of logits; by default ``defaultClassCount``.
  ///   - maximumPixel: The value of a raw pixel that becomes 1.
  public func network(
    inputShape: Shape, classCount: Int? = nil,
    maximumPixel: Float = Preset.defaultMaximumPixel
  ) -> Sequential {
    Sequential {
      Rescale(scale: 1 / maximumPixel, name: "rescale")
      layers(inputShape: inputShape, classCount: classCount ?? defaultClassCount)
    }
  }

  private func layers(inputShape: Shape, classCount: Int) -> [any Layer] {
    switch self {
    case .mlp: Self.mlp(isFlat: inputShape.rank == 1, classCount: classCount)
    case .lenet5: Self.lenet5(classCount: classCount)
    case .mnistCNN: Self.mnistCNN(classCount: classCount)
    case .cifarCNN: Self.cifarCNN(classCount: classCount)
    case .vgg8: Self.vgg8(classCount: classCount)
    case .resnet18: Self.resnet18(classCount: classCount)
    case .resnet20: Self.resnet20(classCount: classCount)
    case .resnet50: Self.resnet50(classCount: classCount)
    case .digitsCNN: Self.digitsCNN(classCount: classCount)
    }
  }

  /// The preset for images of the given shape where the user names none.
  ///
  /// Under 16 pixels a side ``digitsCNN``, up to 96 ``mnistCNN`` for grey and ``cifarCNN`` for colour, above
  /// that ``resnet50``: the dense layer of the others would have a hundred million weights of a photograph.
  public static func standard(for inputShape: Shape) -> Preset {
    guard inputShape.rank == 3 else { return .mlp }
    let small: Preset = inputShape[2] == 1 ? .mnistCNN : .cifarCNN
    let preferred: [Preset] =
      if min(inputShape[0], inputShape[1]) < 16 {
        [.digitsCNN]
      } else if max(inputShape[0], inputShape[1]) <= 96 {
        [small, .digitsCNN]
      } else {
        [.resnet50, small]
      }
    return preferred.first { $0.fits(inputShape: inputShape, classCount: nil) } ?? .mlp
  }

  /// The presets that can be built for examples of the given shape.
  public static func fitting(inputShape: Shape, classCount: Int? = nil) -> [Preset] {
    allCases.filter { $0.fits(inputShape: inputShape, classCount: classCount) }
  }

  private func fits(inputShape: Shape, classCount: Int?) -> Bool {
    do {
      let network = network(inputShape: inputShape, classCount: classCount)
      _ = try Model.traced(network, inputShape: inputShape)
      return true
    } catch {
      return false
    }
  }
}
