package import Tensors

/// The order in which an epoch visits the examples.
public enum ExampleOrder: Hashable, Sendable {
  /// As the data set has them.
  case sequential
  /// A random order that depends on `seed` and `epoch` alone.
  case shuffled(seed: UInt64, epoch: Int)
  /// As the data set has them, in an epoch of a training whose ``Augmentation`` depends on `seed` and
  /// `epoch`.
  case unshuffled(seed: UInt64, epoch: Int)

  /// What everything random in the epoch depends on, nil where nothing says it.
  var randomness: (seed: UInt64, epoch: UInt64)? {
    switch self {
    case .sequential: nil
    case .shuffled(let seed, let epoch), .unshuffled(let seed, let epoch):
      (seed, UInt64(bitPattern: Int64(epoch)))
    }
  }

  /// Writes the order of `order.count` examples.
  ///
  /// Shuffling is Fisher and Yates' (Durstenfeld, Algorithm 235, CACM 1964): every order is equally
  /// likely as far as the generator goes.
  package func write(to order: UnsafeMutableBufferPointer<Int>) {
    for index in 0..<order.count { order[index] = index }
    if case .shuffled = self, let (seed, epoch) = randomness {
      var stream = RandomStream(seed: seed, purpose: .shuffle, index: epoch)
      shuffle(order, with: &stream)
    }
  }
}

/// Brings the elements into a random order.
package func shuffle(
  _ elements: UnsafeMutableBufferPointer<Int>, with stream: inout RandomStream
) {
  var last = elements.count - 1
  while last > 0 {
    elements.swapAt(last, Int(uniform(below: UInt64(last) + 1, from: &stream)))
    last -= 1
  }
}

/// A random integer below `bound`, all equally likely.
///
/// Lemire, "Fast random integer generation in
/// an interval", ACM TOMACS 2019. Written here because the standard library may change its
/// algorithm, and with it every recorded order.
private func uniform(below bound: UInt64, from stream: inout RandomStream) -> UInt64 {
  var (high, low) = stream.next().multipliedFullWidth(by: bound)
  if low < bound {
    let threshold = (0 &- bound) % bound
    while low < threshold { (high, low) = stream.next().multipliedFullWidth(by: bound) }
  }
  return high
}
