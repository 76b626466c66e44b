package import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How the first values of a variable are drawn.
///
/// A pure function of the model's seed and the variable's place in the model.
///
/// `fanIn` and `fanOut` are the numbers of connections into and out of a unit: the input and output
/// sizes of a dense layer; for a convolution the window's area times the channels of one group.
public enum Initializer: Hashable, Sendable {
  /// All zero.
  case zeros
  /// All one.
  case ones
  /// All the given value.
  case constant(Float)
  /// Uniform between two bounds.
  case uniform(from: Float, to: Float)
  /// Normal with the given mean and standard deviation.
  case normal(mean: Float, standardDeviation: Float)
  /// Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010).
  case glorotUniform
  /// Normal with standard deviation √(2 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010).
  case glorotNormal
  /// Uniform in ±√(6 / fanIn) (He et al., ICCV 2015).
  case heUniform
  /// Normal with standard deviation √(2 / fanIn) (He et al., ICCV 2015).
  case heNormal

  /// Fills a variable.
  package func fill(
    _ values: UnsafeMutableBufferPointer<Float>, fan: Variable.Fan, stream: RandomStream
  ) {
    var stream = stream
    let fanIn = Float(max(fan.in, 1))
    let fanSum = Float(max(fan.in + fan.out, 1))
    switch self {
    case .zeros: values.update(repeating: 0)
    case .ones: values.update(repeating: 1)
    case .constant(let value): values.update(repeating: value)
    case .uniform(let low, let high): fillUniform(values, low, high, &stream)
    case .normal(let mean, let deviation): fillNormal(values, mean, deviation, &stream)
    case .glorotUniform:
      let bound = (6 / fanSum).squareRoot()
      fillUniform(values, -bound, bound, &stream)
    case .glorotNormal: fillNormal(values, 0, (2 / fanSum).squareRoot(), &stream)
    case .heUniform:
      let bound = (6 / fanIn).squareRoot()
      fillUniform(values, -bound, bound, &stream)
    case .heNormal: fillNormal(values, 0, (2 / fanIn).squareRoot(), &stream)
    }
  }

  private func fillUniform(
    _ values: UnsafeMutableBufferPointer<Float>, _ low: Float, _ high: Float,
    _ stream: inout RandomStream
  ) {
    for i in values.indices { values[i] = low + (high - low) * stream.nextUniform() }
  }

  /// Box and Muller's transform (Annals of Mathematical Statistics 29, 1958), in `Double`.
  private func fillNormal(
    _ values: UnsafeMutableBufferPointer<Float>, _ mean: Float, _ deviation: Float,
    _ stream: inout RandomStream
  ) {
    for i in stride(from: 0, to: values.count, by: 2) {
      // In (0, 1], so that the logarithm is finite.
      let first = (Double(stream.next() >> 11) + 1) * 0x1p-53
      let second = Double(stream.next() >> 11) * 0x1p-53
      let radius = (-2 * log(first)).squareRoot()
      let angle = 2 * Double.pi * second
      values[i] = mean + deviation * Float(radius * cos(angle))
      if i + 1 < values.count { values[i + 1] = mean + deviation * Float(radius * sin(angle)) }
    }
  }
}
