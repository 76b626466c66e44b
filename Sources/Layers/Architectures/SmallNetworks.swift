import Graphs

extension Preset {
  @LayerBuilder
  static func mlp(isFlat: Bool, classCount: Int) -> [any Layer] {
    if !isFlat { Flatten() }
    Dense(outputSize: 512, activation: .relu)
    Dense(outputSize: 512, activation: .relu)
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func lenet5(classCount: Int) -> [any Layer] {
    Conv2D(outputChannels: 6, kernelSize: 5, padding: .same, activation: .relu)
    MaxPool2D()
    Conv2D(outputChannels: 16, kernelSize: 5, activation: .relu)
    MaxPool2D()
    Flatten()
    Dense(outputSize: 120, activation: .relu)
    Dense(outputSize: 84, activation: .relu)
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func mnistCNN(classCount: Int) -> [any Layer] {
    Conv2D(outputChannels: 32, kernelSize: 3, activation: .relu)
    MaxPool2D()
    Conv2D(outputChannels: 64, kernelSize: 3, activation: .relu)
    MaxPool2D()
    Conv2D(outputChannels: 64, kernelSize: 3, activation: .relu)
    Flatten()
    Dense(outputSize: 64, activation: .relu)
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func cifarCNN(classCount: Int) -> [any Layer] {
    Conv2D(outputChannels: 32, kernelSize: 3, activation: .relu)
    MaxPool2D()
    Conv2D(outputChannels: 64, kernelSize: 3, activation: .relu)
    MaxPool2D()
    Flatten()
    Dense(outputSize: 128, activation: .relu)
    Dense(outputSize: classCount)
  }

  @LayerBuilder
  static func digitsCNN(classCount: Int) -> [any Layer] {
    Conv2D(outputChannels: 32, kernelSize: 3, padding: .same, activation: .relu)
    Conv2D(outputChannels: 32, kernelSize: 3, padding: .same, activation: .relu)
    MaxPool2D()
    Flatten()
    Dense(outputSize: 64, activation: .relu)
    Dense(outputSize: classCount)
  }
}
