/// A value of the same type that is added: the end of a residual block.
enum SumRewrite: RewriteRule {
  static let rewrite = Rewrite.sum

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard consumer.isAddition, consumer.inputTypes.allSatisfy({ $0 == producer.type }),
      let kernel = producer.kernel as? any FusibleKernel,
      let joined = kernel.addingValue(isInference: setting.isInference)
    else { return nil }
    return producer.joined(with: consumer, at: slot, as: joined)
  }
}
