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
      basicBlock(
        channels, strides: strides,
        shortcut: stage == 0 ? nil : projection(channels, strides: strides))
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

  @LayerBuilder
  static func resnet50(classCount: Int) -> [any Layer] {
    normalizedConvolution(64, kernelSize: 7, strides: 2)
    MaxPool2D(poolSize: 3, strides: 2, padding: .uniform(1))
    for (stage, blocks) in [3, 4, 6, 3].enumerated() {
      let channels = 64 << stage
      let strides: Size2D = stage == 0 ? 1 : 2
      bottleneck(
        channels, strides: strides, shortcut: projection(4 * channels, strides: strides))
      for _ in 1..<blocks { bottleneck(channels) }
    }
    GlobalAveragePool2D()
    Dense(outputSize: classCount)
  }

  /// A convolution without bias that keeps the size but for its strides, batch normalisation, relu.
  @LayerBuilder
  private static func normalizedConvolution(
    _ channels: Int, kernelSize: Int = 3, strides: Size2D = 1,
    activation: ActivationFunction = .relu
  ) -> [any Layer] {
    Conv2D(
      outputChannels: channels, kernelSize: Size2D(kernelSize), strides: strides,
      padding: .uniform(kernelSize / 2), useBias: false, weightInitializer: .heNormal)
    BatchNorm(activation: activation)
  }

  /// A 1×1, a 3×3 and a 1×1 convolution, the last one four times as wide, past which the input is
  /// added.
  private static func bottleneck(
    _ channels: Int, strides: Size2D = 1, shortcut: (any Layer)? = nil
  ) -> Residual {
    Residual(activation: .relu, shortcut: shortcut) {
      normalizedConvolution(channels, kernelSize: 1)
      normalizedConvolution(channels, strides: strides)
      normalizedConvolution(4 * channels, kernelSize: 1, activation: .identity)
    }
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

  /// A 1×1 convolution with batch normalisation: the shortcut "B".
  private static func projection(_ channels: Int, strides: Size2D) -> Sequential {
    Sequential {
      normalizedConvolution(channels, kernelSize: 1, strides: strides, activation: .identity)
    }
  }
}
