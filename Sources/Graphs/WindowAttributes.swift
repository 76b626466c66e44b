import Kernels
import Tensors

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

  /// The rows and columns of padding around an image of the given size.
  func padding(
    height: Int, width: Int, kernelHeight: Int, kernelWidth: Int
  ) -> WindowPadding {
    switch padding {
    case .valid: .none
    case .explicit(let top, let left, let bottom, let right):
      WindowPadding(top: top, left: left, bottom: bottom, right: right)
    case .same:
      WindowPadding.same(
        inputHeight: height, inputWidth: width, kernelHeight: kernelHeight,
        kernelWidth: kernelWidth, strideHeight: strides.height, strideWidth: strides.width,
        dilationHeight: dilations.height, dilationWidth: dilations.width)
    }
  }

  /// Throws if a window of a layer does not fit its images or is no window, as `problem` says.
  static func check(_ problem: String?) throws {
    guard let problem else { return }
    throw ShapeRuleViolation(
      "expects a window that fits its images: \(problem) (use padding: .same, a smaller window, or "
        + "fewer poolings and strides before it).")
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
