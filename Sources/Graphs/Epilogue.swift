import Kernels
import Tensors

/// What a product or a convolution does to a tile of its result while it is in cache: adds a bias,
/// and applies an activation.
struct Epilogue: Sendable {
  private(set) var hasBias = false
  private(set) var function = ElementwiseFunction.identity
  private(set) var parameter: Float = 0

  /// Neither bias nor activation.
  static let none = Epilogue()

  var hasActivation: Bool { function != .identity }

  /// This epilogue with a bias; nil if it has one, or an activation before it.
  func addingBias() -> Epilogue? {
    guard !hasBias, !hasActivation else { return nil }
    var result = self
    result.hasBias = true
    return result
  }

  /// This epilogue and then an activation; nil if it has one.
  ///
  /// - Parameter function: One whose derivative can be had from its result: its argument is not kept.
  func applying(_ function: ElementwiseFunction, parameter: Float) -> Epilogue? {
    guard !hasActivation else { return nil }
    var result = self
    result.function = function
    result.parameter = parameter
    return result
  }

  /// Turns the gradient of the activation's result into that of its argument, in place.
  func backward(
    count: Int, y: Place, dy: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) {
    guard hasActivation else { return }
    Elementwise.backward(
      function, parameter: parameter, count: count, saved: context.floats(y), dy: dy, dx: dy,
      accumulate: false, team: context.team)
  }
}
