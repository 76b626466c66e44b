import Graphs

extension Preset {
  @LayerBuilder
  static func vgg8(classCount: Int) -> [any Layer] {
    for channels in [64, 128, 256, 512] {
      normalizedConvolution(channels)
      normalizedConvolution(channels)
      MaxPool2D()
    }
    Flatten()
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func resnet18(classCount: Int) -> [any Layer] {
    normalizedConvolution(64)
    for (stage, channels) in [64, 128, 256, 512].enumerated() {
      let strides: Size2D = stage == 0 ? 1 : 2
      basicBlock(channels, strides: strides, shortcut: stage == 0 ? nil : projection(channels))
      basicBlock(channels)
    }
    GlobalAveragePool2D()
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func resnet20(classCount: Int) -> [any Layer] {
    normalizedConvolution(16)
    for (stage, channels) in [16, 32, 64].enumerated() {
      let isFirst = stage == 0
      basicBlock(
        channels, strides: isFirst ? 1 : 2,
        shortcut: isFirst ? nil : ZeroPaddedShortcut(outputChannels: channels, strides: 2))
      basicBlock(channels)
      basicBlock(channels)
    }
    GlobalAveragePool2D()
    Dense(outputSize: classCount)
  }

  /// A 3×3 convolution without bias, batch normalisation, relu.
  @LayerBuilder
  private static func normalizedConvolution(
    _ channels: Int, strides: Size2D = 1, activation: ActivationFunction = .relu
  ) -> [any Layer] {
    Conv2D(
      outputChannels: channels, kernelSize: 3, strides: strides, padding: .uniform(1),
      useBias: false, weightInitializer: .heNormal)
    BatchNorm(activation: activation)
  }

  /// Two 3×3 convolutions with batch normalisation past which the input is added.
  private static func basicBlock(
    _ channels: Int, strides: Size2D = 1, shortcut: (any Layer)? = nil
  ) -> Residual {
    Residual(activation: .relu, shortcut: shortcut) {
      normalizedConvolution(channels, strides: strides)
      normalizedConvolution(channels, activation: .identity)
    }
  }

  /// A 1×1 convolution of stride 2 with batch normalisation: the shortcut "B".
  private static func projection(_ channels: Int) -> Sequential {
    Sequential {
      Conv2D(
        outputChannels: channels, kernelSize: 1, strides: 2, useBias: false,
        weightInitializer: .heNormal)
      BatchNorm()
    }
  }
}
