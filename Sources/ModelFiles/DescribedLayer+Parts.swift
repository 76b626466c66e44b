import Graphs
import Layers

// The layers that are made of layers.

extension Residual: DescribedLayer {
  static var positional: String? { "body" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    let activation = try arguments.activation()
    let shortcut = try arguments.optionalLayers("shortcut").map { Sequential($0) }
    let name = try arguments.name()
    let body = try arguments.layers("body")
    self.init(activation: activation, shortcut: shortcut, name: name) { body }
  }
}

extension Sequential: DescribedLayer {
  static var positional: String? { "layers" }

  init(_ arguments: LayerArguments) throws(ModelFileError) {
    self.init(try arguments.layers("layers"))
  }
}
