import Graphs
import Layers

// The layers without weights.

extension MaxPool2D: DescribedLayer {
  static var positional: String? { "poolSize" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      poolSize: try arguments.optionalSize("poolSize") ?? 2,
      strides: try arguments.optionalSize("strides"),
      padding: try arguments.padding(),
      name: try arguments.name())
  }
}

extension AveragePool2D: DescribedLayer {
  static var positional: String? { "poolSize" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      poolSize: try arguments.optionalSize("poolSize") ?? 2,
      strides: try arguments.optionalSize("strides"),
      padding: try arguments.padding(),
      name: try arguments.name())
  }
}

extension GlobalAveragePool2D: DescribedLayer {
  static var positional: String? { nil }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(name: try arguments.name())
  }
}

extension Flatten: DescribedLayer {
  static var positional: String? { nil }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(name: try arguments.name())
  }
}

extension Reshape: DescribedLayer {
  static var positional: String? { "shape" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(try arguments.shape("shape"), name: try arguments.name())
  }
}

extension Activation: DescribedLayer {
  static var positional: String? { "function" }

  static func isPositional(_ members: [DescribedValue.Member]) -> Bool {
    ActivationFunction.isDescription(members)
  }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(try arguments.requiredActivation("function"), name: try arguments.name())
  }
}

extension Dropout: DescribedLayer {
  static var positional: String? { "rate" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(rate: try arguments.float("rate"), name: try arguments.name())
  }
}

extension Rescale: DescribedLayer {
  static var positional: String? { "scale" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    guard arguments.has("mean") || arguments.has("standardDeviation") else {
      self.init(
        scale: try arguments.float("scale"),
        offset: try arguments.float("offset", default: 0),
        name: try arguments.name())
      return
    }
    let mean = try arguments.floats("mean")
    let deviation = try arguments.floats("standardDeviation")
    guard mean.count == deviation.count, !mean.isEmpty else {
      throw arguments.error(
        "to have as many numbers in standardDeviation as in mean, and at least one",
        found: "\(deviation.count) and \(mean.count)")
    }
    guard zip(mean, deviation).allSatisfy({ (1 / $1).isFinite && ($0 / $1).isFinite }) else {
      throw arguments.error(
        "to have a standardDeviation that can be divided by", found: "0 or nearly 0")
    }
    self.init(mean: mean, standardDeviation: deviation, name: try arguments.name())
  }
}

extension ZeroPaddedShortcut: DescribedLayer {
  static var positional: String? { "outputChannels" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(
      outputChannels: try arguments.outputCount("outputChannels"),
      strides: try arguments.optionalSize("strides") ?? 1,
      name: try arguments.name())
  }
}
