/// The scaling of what a network is fed, by one factor and one summand for all.
///
/// The first step that works on it does it, where it can. A reshape between the two changes nothing.
enum InputScaleRewrite: RewriteRule {
  static let rewrite = Rewrite.inputScale

  static func join(
    _ producer: PlannedNode, _ consumer: PlannedNode, at slot: Int, _ setting: RewriteSetting
  ) -> PlannedNode? {
    guard let scaling = producer.kernel as? ScaleOperation, let (scale, offset) = scaling.single
    else { return nil }
    if consumer.operation is ReshapeOperation {
      return producer.joined(with: consumer, at: slot, as: scaling)
    }
    let fed = producer.inputs[0]
    guard slot == 0, setting.graph.inputIndex(ofNode: fed) != nil,
      let kernel = consumer.kernel as? any FusibleKernel,
      let joined = kernel.scalingInput(
        scale: scale, offset: offset, isInference: setting.isInference)
    else { return nil }
    // The type stays that of the scaled value, behind a reshape.
    var result = consumer
    result.kernel = joined
    result.inputs[0] = fed
    return result
  }
}
