import Graphs
import Layers

// The layers with weights.

extension Dense: DescribedLayer {
  static var positional: String? { "outputSize" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      outputSize: try arguments.outputCount("outputSize"),
      inputSize: try arguments.count("inputSize"),
      activation: try arguments.activation(),
      useBias: try arguments.bool("useBias", default: true),
      weightInitializer: try arguments.initializer("weightInitializer"),
      name: try arguments.name())
  }
}

extension Conv2D: DescribedLayer {
  static var positional: String? { nil }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      outputChannels: try arguments.outputCount("outputChannels"),
      kernelSize: try arguments.size("kernelSize"),
      strides: try arguments.optionalSize("strides") ?? 1,
      padding: try arguments.padding(),
      dilations: try arguments.optionalSize("dilations") ?? 1,
      groups: try arguments.count("groups") ?? 1,
      inputChannels: try arguments.count("inputChannels"),
      activation: try arguments.activation(),
      useBias: try arguments.bool("useBias", default: true),
      weightInitializer: try arguments.initializer("weightInitializer"),
      name: try arguments.name())
  }
}

extension BatchNorm: DescribedLayer {
  static var positional: String? { nil }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      momentum: try arguments.float("momentum", default: 0.9),
      epsilon: try arguments.float("epsilon", default: 1e-5),
      activation: try arguments.activation(),
      name: try arguments.name())
  }
}
