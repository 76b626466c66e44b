import Kernels

/// An activation whose derivative can be had from its result: what came before it is not kept.
enum ActivationRewrite: RewriteRule {
  static let rewrite = Rewrite.activation

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard let unary = consumer.operation as? UnaryOperation,
      unary.function.derivative == .fromOutput,
      let kernel = producer.kernel as? any FusibleKernel,
      let joined = kernel.applying(unary.function, parameter: unary.parameter)
    else { return nil }
    return producer.joined(with: consumer, at: slot, as: joined)
  }
}
