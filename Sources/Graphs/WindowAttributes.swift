/// How a window moves over an image: what convolution and pooling have in common.
package struct WindowAttributes: Hashable, Sendable {
  package var strides: Size2D
  package var dilations: Size2D
  package var padding: Padding

  package init(strides: Size2D, dilations: Size2D = 1, padding: Padding) {
    self.strides = strides
    self.dilations = dilations
    self.padding = padding
  }

  package var attributes: Attributes {
    var attributes: Attributes = [
      "strides": .ints([strides.height, strides.width]),
      "dilations": .ints([dilations.height, dilations.width]),
    ]
    switch padding {
    case .valid: attributes["padding"] = .string("valid")
    case .same: attributes["padding"] = .string("same")
    case .explicit(let top, let left, let bottom, let right):
      attributes["padding"] = .ints([top, left, bottom, right])
    }
    return attributes
  }

  package init(attributes: AttributeReader) throws {
    let limit = 1 << 20
    let strides = try attributes.ints("strides", count: 2, in: 1...limit)
    let dilations = try attributes.ints("dilations", count: 2, in: 1...limit)
    self.strides = Size2D(height: strides[0], width: strides[1])
    self.dilations = Size2D(height: dilations[0], width: dilations[1])
    self.padding = try attributes.padding("padding", limit: limit)
  }

  /// The rows and columns around an image.
  package func resolvedPadding(
    height: Int, width: Int, kernelHeight: Int, kernelWidth: Int
  ) -> (top: Int, left: Int, bottom: Int, right: Int) {
    switch padding {
    case .valid: return (0, 0, 0, 0)
    case .explicit(let top, let left, let bottom, let right): return (top, left, bottom, right)
    case .same:
      func total(_ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let outputs = (extent + stride - 1) / stride
        return max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - extent, 0)
      }
      let rows = total(height, kernelHeight, strides.height, dilations.height)
      let columns = total(width, kernelWidth, strides.width, dilations.width)
      return (rows / 2, columns / 2, rows - rows / 2, columns - columns / 2)
    }
  }

  /// Throws if the window does not fit into the padded image, or is no window.
  package func expectFit(
    height: Int, width: Int, kernelHeight: Int, kernelWidth: Int,
    padding: (top: Int, left: Int, bottom: Int, right: Int)
  ) throws {
    guard kernelHeight >= 1, kernelWidth >= 1 else {
      throw ShapeRuleViolation(
        "expects a window of at least 1×1; it has \(kernelHeight)×\(kernelWidth).")
    }
    guard strides.height >= 1, strides.width >= 1, dilations.height >= 1, dilations.width >= 1
    else {
      throw ShapeRuleViolation(
        "expects strides and dilations of at least 1; it has strides \(strides) and dilations "
          + "\(dilations).")
    }
    guard min(padding.top, padding.left, padding.bottom, padding.right) >= 0 else {
      throw ShapeRuleViolation("expects a padding of at least 0.")
    }
    let reach = Size2D(
      height: (kernelHeight - 1) * dilations.height + 1,
      width: (kernelWidth - 1) * dilations.width + 1)
    guard height + padding.top + padding.bottom >= reach.height,
      width + padding.left + padding.right >= reach.width
    else {
      throw ShapeRuleViolation(
        "expects images of at least \(reach) for its window; it was given \(height)×\(width) (use "
          + "padding: .same, a smaller window, or fewer poolings and strides before it).")
    }
  }
}

extension AttributeReader {
  fileprivate func padding(_ name: String, limit: Int) throws -> Padding {
    if let words = isList(name) ? try ints(name, count: 4, in: 0...limit) : nil {
      return .explicit(top: words[0], left: words[1], bottom: words[2], right: words[3])
    }
    switch try string(name) {
    case "valid": return .valid
    case "same": return .same
    case let word:
      throw AttributeError(
        "The attribute '\(name)' must be \"valid\", \"same\" or four numbers, not '\(word)'.")
    }
  }
}

extension NodeType {
  /// Throws unless these are images.
  package func expectImages() throws {
    guard elementType == .float32, rank == 4 else {
      throw ShapeRuleViolation(
        "expects images, [batch, height, width, channels]; it was given \(self)"
          + (rank == 2 ? " (add Reshape([height, width, channels]) before it)." : "."))
    }
  }

  /// The number of images with `batch` examples.
  package func imageCount(batch: Int) -> Int { dimensions[0].fixedValue ?? batch }
}
