/// What the elements of an array are.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  /// 32-bit floating-point numbers: activations, parameters, targets of a regression.
  case float32
  /// 32-bit integers: class labels and tokens.
  case int32
}
