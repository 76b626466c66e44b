public import Tensors

/// One of the named arrays that make up a batch: the images, the labels, a mask.
public struct BatchField: Hashable, Sendable {
  /// The name by which a model asks for the array: `"input"`, `"target"`.
  public var name: String
  /// What the elements are: `float32` for measurements, `int32` for labels and tokens.
  public var elementType: ElementType
  /// The extents of one example, without the batch: `[28, 28, 1]`; `[]` for one number.
  public var exampleShape: Shape

  /// Creates the description of a field.
  public init(name: String, elementType: ElementType, exampleShape: Shape) {
    self.name = name
    self.elementType = elementType
    self.exampleShape = exampleShape
  }
}
