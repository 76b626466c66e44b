import Datasets
import Synchronization

/// Decoded images of one size, each of which becomes ready once.
///
/// Safe for several threads: one that reserves an image may write it, and all may read it from when
/// it is published.
final class ImageCache: @unchecked Sendable {
  private static let empty: UInt8 = 0
  private static let reserved: UInt8 = 1
  private static let ready: UInt8 = 2

  private let bytes: ByteBuffer
  private let imageSize: Int
  private let count: Int
  private let states: UnsafeMutablePointer<Atomic<UInt8>>

  /// Makes room for `count` images; the system gives the memory as they come.
  init(count: Int, imageSize: Int, place: String) throws {
    self.bytes = try ByteBuffer(count: count * imageSize, place: place)
    self.imageSize = imageSize
    self.count = count
    self.states = .allocate(capacity: count)
    for index in 0..<count { (states + index).initialize(to: Atomic(ImageCache.empty)) }
  }

  deinit {
    states.deinitialize(count: count)
    states.deallocate()
  }

  /// The place of an image.
  func image(_ index: Int) -> UnsafeMutablePointer<UInt8> {
    bytes.pointer + index * imageSize
  }

  /// Whether the image can be read.
  func isReady(_ index: Int) -> Bool {
    states[index].load(ordering: .acquiring) == ImageCache.ready
  }

  /// Whether the caller is now the one to write the image.
  func reserve(_ index: Int) -> Bool {
    states[index].compareExchange(
      expected: ImageCache.empty, desired: ImageCache.reserved, ordering: .acquiring
    ).exchanged
  }

  /// Makes a written image readable.
  func publish(_ index: Int) {
    states[index].store(ImageCache.ready, ordering: .releasing)
  }

  /// Gives a reserved image up.
  func release(_ index: Int) {
    states[index].store(ImageCache.empty, ordering: .releasing)
  }
}
