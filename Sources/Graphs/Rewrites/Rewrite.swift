/// A way in which a plan computes several operations of a graph as one.
///
/// A plan uses all of them; tests compile plans without one to see what it changes.
package enum Rewrite: String, Sendable, CaseIterable {
  /// A bias is added while the sums of a product or a convolution are in cache.
  case bias
  /// An activation is applied where its argument is written.
  case activation
  /// A value of the same type is added where the other is written: the end of a residual block.
  case sum
  /// Maxima over windows are taken while the convolution's result is in cache.
  case maximum
  /// In inference, the factors of a normalisation become part of the weights before it.
  case normalization
  /// The first step of a network scales what it is fed.
  case inputScale = "input-scale"
  /// What writes a value takes the moments that its normalisation needs.
  case moments
}
