internal import CKernels

/// The sizes of a pooling of images [batch, height, width, channels].
package struct PoolingGeometry: Hashable, Sendable {
  package var inputHeight: Int
  package var inputWidth: Int
  package var channels: Int
  package var windowHeight: Int
  package var windowWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var padding: WindowPadding

  package init(
    inputHeight: Int, inputWidth: Int, channels: Int, windowHeight: Int, windowWidth: Int,
    strideHeight: Int, strideWidth: Int, padding: WindowPadding = .none
  ) {
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.channels = channels
    self.windowHeight = windowHeight
    self.windowWidth = windowWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.padding = padding
  }

  package var outputHeight: Int {
    windowOutputSize(
      paddedInput: inputHeight + padding.top + padding.bottom, kernel: windowHeight,
      stride: strideHeight, dilation: 1)
  }

  package var outputWidth: Int {
    windowOutputSize(
      paddedInput: inputWidth + padding.left + padding.right, kernel: windowWidth,
      stride: strideWidth, dilation: 1)
  }

  /// The same with the padding that keeps ⌈input / stride⌉ pixels; see ``WindowPadding``.
  package func withSamePadding() -> PoolingGeometry {
    var geometry = self
    geometry.padding = .same(
      inputHeight: inputHeight, inputWidth: inputWidth, kernelHeight: windowHeight,
      kernelWidth: windowWidth, strideHeight: strideHeight, strideWidth: strideWidth)
    return geometry
  }

  /// Floats in one input image.
  package var inputCount: Int { inputHeight * inputWidth * channels }
  /// Floats in one output image.
  package var outputCount: Int { outputHeight * outputWidth * channels }

  /// Whether windows are 2 × 2 pixels, side by side, without padding.
  var isTwoByTwo: Bool {
    windowHeight == 2 && windowWidth == 2 && strideHeight == 2 && strideWidth == 2
      && padding == .none
  }

  /// The most places that a window may have: the place of a maximum is kept in a byte.
  package static let mostPlaces = 256

  /// Why this pooling is impossible; nil if it is possible.
  ///
  /// All other members presuppose nil, as does ``Pooling``.
  package var problem: String? {
    if let problem = windowProblem([
      ("input height", inputHeight, 1), ("input width", inputWidth, 1),
      ("number of channels", channels, 1), ("window height", windowHeight, 1),
      ("window width", windowWidth, 1), ("vertical stride", strideHeight, 1),
      ("horizontal stride", strideWidth, 1), ("top padding", padding.top, 0),
      ("left padding", padding.left, 0), ("bottom padding", padding.bottom, 0),
      ("right padding", padding.right, 0),
    ]) {
      return problem
    }
    if windowHeight * windowWidth > Self.mostPlaces {
      return "a window of \(windowHeight) x \(windowWidth) pixels has more than "
        + "\(Self.mostPlaces); global pooling has no such limit"
    }
    // Else a window could lie in the padding, and have no maximum and no mean.
    if max(padding.top, padding.bottom) >= windowHeight
      || max(padding.left, padding.right) >= windowWidth
    {
      return "the padding must be smaller than the window of \(windowHeight) x \(windowWidth)"
    }
    if outputHeight < 1 || outputWidth < 1 {
      return "a window of \(windowHeight) x \(windowWidth) pixels does not fit an image of "
        + "\(inputHeight + padding.top + padding.bottom) x "
        + "\(inputWidth + padding.left + padding.right) pixels, padding included"
    }
    let (pixels, overflow) = inputHeight.multipliedReportingOverflow(by: inputWidth)
    let (count, overflows) = pixels.multipliedReportingOverflow(by: channels)
    if overflow || overflows || count >= 1 << 40 {
      return "an image of \(inputHeight) x \(inputWidth) x \(channels) elements is too large"
    }
    return nil
  }

  /// The window as the inner loops take it.
  var window: nk_window {
    nk_window(
      input_height: inputHeight, input_width: inputWidth, input_channels: channels,
      kernel_height: windowHeight, kernel_width: windowWidth, stride_y: strideHeight,
      stride_x: strideWidth, dilation_y: 1, dilation_x: 1, padding_top: padding.top,
      padding_left: padding.left, output_height: outputHeight, output_width: outputWidth)
  }

  /// Lines of output pixels of a batch, in chunks of about the same work.
  func outputLines(batch: Int) -> Chunks {
    let inputs = inputCount / max(1, outputHeight)
    return Chunks(rows: batch * outputHeight, columns: inputs + outputWidth * channels)
  }

  /// Lines of input pixels of a batch, in chunks of about the same work.
  func inputLines(batch: Int) -> Chunks {
    Chunks(rows: batch * inputHeight, columns: inputWidth * channels)
  }
}
