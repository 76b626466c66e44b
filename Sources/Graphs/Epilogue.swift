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

  /// This epilogue and then `next`; nil if it cannot take that in.
  ///
  /// A bias is a vector as long as the last extent. An activation can be taken in if its derivative
  /// can be had from its result: what came before it is not kept.
  ///
  /// - Parameters:
  ///   - next: The only consumer of the result.
  ///   - slot: Which input of `next` the result is.
  ///   - operands: The types of the inputs of `next`.
  ///   - output: The type of the result.
  func extended(
    by next: any Operation, slot: Int, operands: [NodeType], output: NodeType
  ) -> Epilogue? {
    guard !hasActivation else { return nil }
    var result = self
    if let unary = next as? UnaryOperation, unary.function.derivative == .fromOutput {
      result.function = unary.function
      result.parameter = unary.parameter
      return result
    }
    guard !hasBias, let arithmetic = next as? ArithmeticOperation, arithmetic.operation == .add
    else { return nil }
    let other = operands[1 - slot]
    guard other.rank == 1, output.rank >= 2, !other.isBatched,
      other.dimensions.last == output.dimensions.last
    else { return nil }
    result.hasBias = true
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
