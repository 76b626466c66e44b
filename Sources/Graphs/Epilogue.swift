import Kernels

/// The activation that a product or a convolution applies to a tile while it is in cache.
struct Epilogue: Sendable {
  let function: ElementwiseFunction
  let parameter: Float

  /// No activation.
  static let none = Epilogue(function: .identity, parameter: 0)

  var isNone: Bool { function == .identity }

  private init(function: ElementwiseFunction, parameter: Float) {
    self.function = function
    self.parameter = parameter
  }

  /// The activation that `next` is, if its derivative can be had from its result: what came before
  /// it is not kept.
  init?(_ next: any Operation) {
    guard let unary = next as? UnaryOperation, unary.function.derivative == .fromOutput else {
      return nil
    }
    self.init(function: unary.function, parameter: unary.parameter)
  }

  /// Whether `next` adds a vector as long as the last extent to the given input.
  static func isBias(
    _ next: any Operation, slot: Int, operands: [NodeType], outputType: NodeType
  ) -> Bool {
    guard let arithmetic = next as? ArithmeticOperation, arithmetic.operation == .add else {
      return false
    }
    let other = operands[1 - slot]
    return other.rank == 1 && outputType.rank >= 2 && !other.isBatched
      && other.dimensions.last == outputType.dimensions.last
  }

  /// Turns the gradient of the activation's result into that of its argument, in place.
  func backward(
    count: Int, y: Place, dy: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) {
    guard !isNone else { return }
    Elementwise.backward(
      function, parameter: parameter, count: count, saved: context.floats(y), dy: dy, dx: dy,
      accumulate: false, team: context.team)
  }
}
