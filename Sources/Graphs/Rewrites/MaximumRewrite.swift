/// Maxima over windows of a convolution's result.
enum MaximumRewrite: RewriteRule {
  static let rewrite = Rewrite.maximum

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard let pooling = consumer.operation as? PoolingOperation, pooling.statistic == .maximum,
      let kernel = producer.kernel as? any FusibleKernel,
      let joined = kernel.takingMaxima(pooling, of: producer.type)
    else { return nil }
    return producer.joined(with: consumer, at: slot, as: joined)
  }
}
