internal import CKernels

/// The sizes of a convolution of images.
///
/// Images are [batch, height, width, channels], weights
/// [kernelHeight, kernelWidth, inputChannels / groups, outputChannels].
package struct ConvolutionGeometry: Hashable, Sendable {
  package var inputHeight: Int
  package var inputWidth: Int
  package var inputChannels: Int
  package var outputChannels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  /// Below zero, at the bottom or the right, lines or columns of the image are left out; so
  /// ``PooledConvolution`` does.
  package var padding: WindowPadding
  /// Output channels [g · outputChannels / groups, …) see only the input channels of group g.
  package var groups: Int

  package init(
    inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int, kernelHeight: Int,
    kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1, dilationHeight: Int = 1,
    dilationWidth: Int = 1, padding: WindowPadding = .none, groups: Int = 1
  ) {
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padding = padding
    self.groups = groups
  }

  package var outputHeight: Int {
    windowOutputSize(
      paddedInput: inputHeight + padding.top + padding.bottom, kernel: kernelHeight,
      stride: strideHeight, dilation: dilationHeight)
  }

  package var outputWidth: Int {
    windowOutputSize(
      paddedInput: inputWidth + padding.left + padding.right, kernel: kernelWidth,
      stride: strideWidth, dilation: dilationWidth)
  }

  /// The same with the padding that keeps ⌈input / stride⌉ pixels; see ``WindowPadding``.
  package func withSamePadding() -> ConvolutionGeometry {
    var geometry = self
    geometry.padding = .same(
      inputHeight: inputHeight, inputWidth: inputWidth, kernelHeight: kernelHeight,
      kernelWidth: kernelWidth, strideHeight: strideHeight, strideWidth: strideWidth,
      dilationHeight: dilationHeight, dilationWidth: dilationWidth)
    return geometry
  }

  package var groupInputChannels: Int { inputChannels / groups }
  package var groupOutputChannels: Int { outputChannels / groups }
  /// Floats in one input image.
  package var inputCount: Int { inputHeight * inputWidth * inputChannels }
  /// Floats in one output image.
  package var outputCount: Int { outputPixels * outputChannels }
  package var outputPixels: Int { outputHeight * outputWidth }
  /// Weights that one output channel has.
  package var patchSize: Int { kernelHeight * kernelWidth * groupInputChannels }
  package var weightCount: Int { patchSize * outputChannels }

  /// Floating-point operations of one pass over a batch, a multiplication and an addition counted
  /// as two; products with padding count.
  package func flops(batch: Int) -> Double {
    2 * Double(batch) * Double(outputPixels) * Double(outputChannels) * Double(patchSize)
  }

  /// Why this convolution is impossible; nil if it is possible.
  ///
  /// All other members presuppose nil, as does ``Convolution``.
  package var problem: String? {
    if let problem = windowProblem([
      ("input height", inputHeight, 1), ("input width", inputWidth, 1),
      ("number of input channels", inputChannels, 1),
      ("number of output channels", outputChannels, 1), ("kernel height", kernelHeight, 1),
      ("kernel width", kernelWidth, 1), ("vertical stride", strideHeight, 1),
      ("horizontal stride", strideWidth, 1), ("vertical dilation", dilationHeight, 1),
      ("horizontal dilation", dilationWidth, 1), ("top padding", padding.top, 0),
      ("left padding", padding.left, 0), ("bottom padding", padding.bottom, 0),
      ("right padding", padding.right, 0), ("number of groups", groups, 1),
    ]) {
      return problem
    }
    if inputChannels % groups != 0 || outputChannels % groups != 0 {
      return "\(inputChannels) input channels and \(outputChannels) output channels cannot be "
        + "divided into \(groups) groups"
    }
    if outputHeight < 1 || outputWidth < 1 {
      let height = (kernelHeight - 1) * dilationHeight + 1
      let width = (kernelWidth - 1) * dilationWidth + 1
      return "a kernel that spans \(height) x \(width) pixels does not fit an image of "
        + "\(inputHeight + padding.top + padding.bottom) x "
        + "\(inputWidth + padding.left + padding.right) pixels, padding included"
    }
    let images = [
      [inputHeight, inputWidth, inputChannels], [outputHeight, outputWidth, outputChannels],
      [kernelHeight, kernelWidth, groupInputChannels, outputChannels],
    ]
    for sizes in images {
      var count = 1
      for size in sizes {
        let (product, overflows) = count.multipliedReportingOverflow(by: size)
        if overflows || product >= 1 << 40 {
          let text = sizes.map { String($0) }.joined(separator: " x ")
          return "an array of \(text) elements is too large"
        }
        count = product
      }
    }
    return nil
  }

  /// The window as the inner loops take it.
  var window: nk_window {
    nk_window(
      input_height: inputHeight, input_width: inputWidth, input_channels: inputChannels,
      kernel_height: kernelHeight, kernel_width: kernelWidth, stride_y: strideHeight,
      stride_x: strideWidth, dilation_y: dilationHeight, dilation_x: dilationWidth,
      padding_top: padding.top, padding_left: padding.left, output_height: outputHeight,
      output_width: outputWidth)
  }
}
