/// Rows and columns of zeros around an image.
package struct WindowPadding: Hashable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// None: the window stays within the image (`.valid`).
  package static let none = WindowPadding(top: 0, left: 0, bottom: 0, right: 0)

  /// As much as makes the output ⌈input / stride⌉, as TensorFlow does it: where the amount is odd,
  /// the bottom and the right get one more.
  package static func same(
    inputHeight: Int, inputWidth: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1,
    strideWidth: Int = 1, dilationHeight: Int = 1, dilationWidth: Int = 1
  ) -> WindowPadding {
    let vertical = sameTotal(inputHeight, kernelHeight, strideHeight, dilationHeight)
    let horizontal = sameTotal(inputWidth, kernelWidth, strideWidth, dilationWidth)
    return WindowPadding(
      top: vertical / 2, left: horizontal / 2, bottom: vertical - vertical / 2,
      right: horizontal - horizontal / 2)
  }

  // Impossible sizes give no padding: the geometry's check is what reports them.
  private static func sameTotal(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int
  {
    guard input > 0, kernel > 0, stride > 0, dilation > 0, input < 1 << 31, kernel < 1 << 31,
      stride < 1 << 31, dilation < 1 << 31
    else { return 0 }
    let output = (input + stride - 1) / stride
    let needed = (output - 1) * stride + (kernel - 1) * dilation + 1
    return max(0, needed - input)
  }
}

/// The output size of a window of `kernel` places that moves by `stride` over `input` padded
/// pixels; 0 or less where it does not fit.
func windowOutputSize(paddedInput: Int, kernel: Int, stride: Int, dilation: Int) -> Int {
  let room = paddedInput - ((kernel - 1) * dilation + 1)
  return room < 0 ? 0 : room / stride + 1
}

/// What is wrong with sizes of a window; nil if nothing is.
///
/// Every number is held below 2³¹, so that products of two cannot overflow.
func windowProblem(
  _ sizes: [(name: String, value: Int, least: Int)]
) -> String? {
  for size in sizes where size.value < size.least || size.value >= 1 << 31 {
    return "\(size.name) is \(size.value); it must be at least \(size.least)"
      + (size.value >= 1 << 31 ? " and less than 2147483648" : "")
  }
  return nil
}
