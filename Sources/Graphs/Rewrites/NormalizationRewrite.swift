/// In inference, a normalisation whose factors and offsets become part of the weights and the bias before
/// it.
enum NormalizationRewrite: RewriteRule {
  static let rewrite = Rewrite.normalization

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard setting.isInference, slot == 0,
      let normalization = consumer.operation as? BatchNormalizationOperation,
      let kernel = producer.kernel as? any FusibleKernel,
      let joined = kernel.normalized(epsilon: normalization.epsilon)
    else { return nil }
    return producer.joined(with: consumer, at: slot, as: joined)
  }
}
