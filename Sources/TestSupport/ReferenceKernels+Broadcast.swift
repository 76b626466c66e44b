package import Kernels

extension ReferenceKernels {
  /// z for two numbers.
  package static func value(_ operation: BinaryOperation, _ x: Double, _ y: Double) -> Double {
    switch operation {
    case .add: return x + y
    case .subtract: return x - y
    case .multiply: return x * y
    case .divide: return x / y
    case .maximum: return x.isNaN || x > y ? x : y
    case .minimum: return x.isNaN || x < y ? x : y
    }
  }

  /// The index in an operand, for every element of the output, by NumPy's rule.
  package static func operandIndices(_ operand: [Int], output: [Int]) -> [Int] {
    let count = output.reduce(1, *)
    return (0..<count).map { element in
      var rest = element
      var (index, stride) = (0, 1)
      for d in output.indices.reversed() {
        let position = rest % output[d]
        rest /= output[d]
        let own = d - (output.count - operand.count)
        if own >= 0 {
          if operand[own] != 1 { index += position * stride }
          stride *= operand[own]
        }
      }
      return index
    }
  }

  /// The element of `source` for every element of the permuted array, by NumPy's transpose.
  package static func permutedIndices(_ shape: [Int], axes: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for d in shape.indices.reversed() {
      strides[d] = stride
      stride *= shape[d]
    }
    let extents = axes.map { shape[$0] }
    return (0..<shape.reduce(1, *)).map { element in
      var rest = element
      var index = 0
      for d in extents.indices.reversed() {
        index += rest % extents[d] * strides[axes[d]]
        rest /= extents[d]
      }
      return index
    }
  }
}
