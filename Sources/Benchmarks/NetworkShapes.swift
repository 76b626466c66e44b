import Graphs
package import Kernels
package import Layers
import Tensors

/// A convolution of a network.
package struct NetworkConvolution: Sendable, Hashable {
  /// The network.
  package let network: String
  /// Its sizes.
  package let geometry: ConvolutionGeometry

  /// Names a convolution.
  package init(network: String, geometry: ConvolutionGeometry) {
    self.network = network
    self.geometry = geometry
  }
}

/// A product of rows with a network's matrix.
package struct NetworkProduct: Sendable, Hashable {
  /// The network.
  package let network: String
  /// The rows of one example.
  package let rowsPerExample: Int
  /// The matrix's rows.
  package let inputSize: Int
  /// The matrix's columns.
  package let outputSize: Int

  /// Names a product.
  package init(network: String, rowsPerExample: Int, inputSize: Int, outputSize: Int) {
    self.network = network
    self.rowsPerExample = rowsPerExample
    self.inputSize = inputSize
    self.outputSize = outputSize
  }
}

/// The sizes that a network's convolutions and products have, each once.
package struct NetworkShapes: Sendable, Hashable {
  /// The convolutions in the order in which they first occur.
  package let convolutions: [NetworkConvolution]
  /// The products likewise.
  package let products: [NetworkProduct]

  /// Networks of more convolutions than this are represented by a selection.
  package static let mostConvolutions = 20

  /// Collects the sizes of a preset.
  ///
  /// Of a network of more than ``mostConvolutions`` convolutions, the first one and those whose sizes
  /// occur more than once: of ResNet-50 the stem and the bottlenecks that repeat.
  package init(of preset: Preset) throws {
    let shape = preset.defaultInputShape
    let graph = try Model.traced(preset.network(inputShape: shape), inputShape: shape)
    var convolutions: [(geometry: ConvolutionGeometry, count: Int)] = []
    var products: [NetworkProduct] = []
    for node in graph.nodes {
      let inputs = node.inputs.map { graph.nodes[$0].type }
      if let convolution = node.operation as? ConvolutionOperation {
        let geometry = convolution.plannedGeometry(inputs)
        if let known = convolutions.firstIndex(where: { $0.geometry == geometry }) {
          convolutions[known].count += 1
        } else {
          convolutions.append((geometry, 1))
        }
      } else if node.operation is MatrixProductOperation {
        let matrix = inputs[1].fixedShape
        let product = NetworkProduct(
          network: preset.rawValue, rowsPerExample: inputs[0].count(batch: 1) / matrix[0],
          inputSize: matrix[0], outputSize: matrix[1])
        if !products.contains(product) { products.append(product) }
      }
    }
    let isSelection = convolutions.reduce(0) { $0 + $1.count } > Self.mostConvolutions
    self.convolutions = convolutions.enumerated()
      .filter { !isSelection || $0.offset == 0 || $0.element.count > 1 }
      .map { NetworkConvolution(network: preset.rawValue, geometry: $0.element.geometry) }
    self.products = products
  }
}
