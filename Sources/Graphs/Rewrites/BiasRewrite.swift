import Kernels

/// A vector as long as the last extent that is added to a product or a convolution.
enum BiasRewrite: RewriteRule {
  static let rewrite = Rewrite.bias

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard consumer.isAddition, let kernel = producer.kernel as? any FusibleKernel else {
      return nil
    }
    let other = consumer.inputTypes[1 - slot]
    guard other.rank == 1, producer.type.rank >= 2, !other.isBatched,
      other.dimensions.last == producer.type.dimensions.last, let joined = kernel.addingBias()
    else { return nil }
    return producer.joined(with: consumer, at: slot, as: joined)
  }
}

extension PlannedNode {
  /// Whether the step, not joined with others yet, adds its two inputs.
  var isAddition: Bool { (operation as? ArithmeticOperation)?.operation == .add }
}
