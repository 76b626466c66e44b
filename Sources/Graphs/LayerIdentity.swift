import Synchronization

/// What makes a layer value itself: copies of a layer share it, and so share weights; layers
/// created apart never do.
public struct LayerIdentity: Hashable, Sendable {
  private let number: UInt64
  /// The name that the user gave the layer, if any.
  ///
  /// Not part of the identity.
  public let name: String?

  private static let counter = Atomic<UInt64>(0)

  /// Creates an identity unlike any other in this process.
  public init(name: String? = nil) {
    self.number = Self.counter.add(1, ordering: .relaxed).newValue
    self.name = name
  }

  /// Whether both are copies of one identity.
  public static func == (left: LayerIdentity, right: LayerIdentity) -> Bool {
    left.number == right.number
  }

  /// Hashes the identity.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(number)
  }
}

/// Where in a network a step of the graph comes from.
public struct LayerLabel: Hashable, Sendable {
  /// The path from the network to the layer: `encoder.0`.
  public let path: String
  /// The layer's type, with the arguments that matter: `Dense(10)`.
  public let kind: String
  /// Which layer of the network this is, from 1, where that is known.
  public let position: Int?
  /// How many layers the network has, where that is known.
  public let layerCount: Int?

  /// Creates a label.
  public init(path: String, kind: String, position: Int? = nil, layerCount: Int? = nil) {
    self.path = path
    self.kind = kind
    self.position = position
    self.layerCount = layerCount
  }
}

extension LayerLabel: CustomStringConvertible {
  /// For messages: `layer 2 of 7, 'encoder.0': Dense(10)`.
  public var description: String {
    if let position, let layerCount {
      "layer \(position) of \(layerCount), '\(path)': \(kind)"
    } else {
      "'\(path)': \(kind)"
    }
  }
}
