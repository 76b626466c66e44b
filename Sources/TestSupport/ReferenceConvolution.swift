package import Kernels
package import Threads

/// Convolution and its gradients by their definition, in Double.
package enum ReferenceConvolution {
  /// Calls `body` with the indices of x, weights and y of every product.
  private static func forEachProduct(
    _ geometry: ConvolutionGeometry, batch: Int, _ body: (Int, Int, Int) -> Void
  ) {
    let g = geometry
    let inputs = g.inputChannels / g.groups
    let outputs = g.outputChannels / g.groups
    for image in 0..<batch {
      for oy in 0..<g.outputHeight {
        for ox in 0..<g.outputWidth {
          for ky in 0..<g.kernelHeight {
            for kx in 0..<g.kernelWidth {
              let iy = oy * g.strideHeight + ky * g.dilationHeight - g.padding.top
              let ix = ox * g.strideWidth + kx * g.dilationWidth - g.padding.left
              guard (0..<g.inputHeight).contains(iy) && (0..<g.inputWidth).contains(ix) else {
                continue
              }
              let pixel = ((image * g.inputHeight + iy) * g.inputWidth + ix) * g.inputChannels
              let result =
                ((image * g.outputHeight + oy) * g.outputWidth + ox) * g.outputChannels
              for ic in 0..<inputs {
                let weight = ((ky * g.kernelWidth + kx) * inputs + ic) * g.outputChannels
                for oc in 0..<g.outputChannels {
                  body(pixel + oc / outputs * inputs + ic, weight + oc, result + oc)
                }
              }
            }
          }
        }
      }
    }
  }

  /// x ∗ weights + bias.
  package static func forward(
    _ geometry: ConvolutionGeometry, batch: Int, x: [Float], weights: [Float], bias: [Float]?
  ) -> [Double] {
    let count = batch * geometry.outputHeight * geometry.outputWidth * geometry.outputChannels
    var y = (0..<count).map { index in
      bias.map { Double($0[index % geometry.outputChannels]) } ?? 0
    }
    forEachProduct(geometry, batch: batch) { y[$2] += Double(x[$0]) * Double(weights[$1]) }
    return y
  }

  /// The gradient of x.
  package static func backwardData(
    _ geometry: ConvolutionGeometry, batch: Int, dz: [Float], weights: [Float]
  ) -> [Double] {
    var dx = [Double](
      repeating: 0,
      count: batch * geometry.inputHeight * geometry.inputWidth * geometry.inputChannels)
    forEachProduct(geometry, batch: batch) { dx[$0] += Double(dz[$2]) * Double(weights[$1]) }
    return dx
  }

  /// The gradient of the weights.
  package static func backwardWeights(
    _ geometry: ConvolutionGeometry, batch: Int, x: [Float], dz: [Float]
  ) -> [Double] {
    var dWeights = [Double](
      repeating: 0,
      count: geometry.kernelHeight * geometry.kernelWidth * geometry.inputChannels
        / geometry.groups * geometry.outputChannels)
    forEachProduct(geometry, batch: batch) { dWeights[$1] += Double(x[$0]) * Double(dz[$2]) }
    return dWeights
  }
}

/// The sum of each column of rows of `columns` elements.
package func referenceColumnSums(_ values: [Float], columns: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: columns)
  for (index, value) in values.enumerated() { sums[index % columns] += Double(value) }
  return sums
}

extension ConvolutionAlgorithm {
  /// Whether it divides by other numbers than powers of two, and so is not exact on integers.
  package var divides: Bool { transformRounding > 0 }

  /// How far results may be off, as a share of the largest, because of transforms by fractions.
  package var transformRounding: Double {
    switch self {
    case .winograd3, .winograd4: 5e-6
    case .winograd5: 2e-5
    case .direct, .winograd2, .matrixProduct, .depthwise, .im2row: 0
    }
  }
}
