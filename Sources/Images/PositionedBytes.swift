import Datasets

/// The bytes of a file by their places: all in memory, or fetched from the file as they are asked
/// for.
///
/// For one thread at a time.
final class PositionedBytes {
  /// How many bytes are fetched at first: the whole of a small file, the head of others.
  private static let headSize = 16 << 10
  /// How many bytes are fetched at least from then on.
  private static let stepSize = 256

  /// The path, for errors.
  let name: String
  /// The number of bytes.
  let count: Int

  private let source: ByteSource?
  private let window: ScratchBytes
  private var held: UnsafeRawBufferPointer
  private var heldStart = 0

  /// Bytes in memory, which stay there as long as this object is used.
  init(_ bytes: UnsafeRawBufferPointer, name: String) {
    self.name = name
    self.count = bytes.count
    self.source = nil
    self.window = ScratchBytes()
    self.held = bytes
  }

  /// The bytes of a file.
  ///
  /// - Parameter window: Room for what is fetched.
  /// - Throws: `DatasetError` if the file cannot be read.
  init(_ source: ByteSource, window: ScratchBytes) throws {
    self.name = source.name
    self.count = source.size
    self.source = source
    self.window = window
    self.held = UnsafeRawBufferPointer(start: nil, count: 0)
    try fetch(at: 0, count: min(Self.headSize, count))
  }

  /// Up to `wanted` bytes from a place on, until the next call; fewer only at the end.
  ///
  /// - Throws: `DatasetError` if the file cannot be read.
  func bytes(at place: Int, count wanted: Int) throws -> UnsafeRawBufferPointer {
    let available = min(wanted, count - min(place, count))
    guard available > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    if place < heldStart || place - heldStart > held.count - available {
      try fetch(at: place, count: min(max(available, Self.stepSize), count - place))
    }
    let start = place - heldStart
    // Fewer where the file has become shorter since it was opened.
    let end = min(start + available, held.count)
    return UnsafeRawBufferPointer(rebasing: held[min(start, end)..<end])
  }

  /// The bytes from a place on, until the next call: all that are held, where these are two or more;
  /// else as ``bytes(at:count:)``.
  ///
  /// For a search from stretch to stretch, which so fetches every byte once.
  ///
  /// - Throws: `DatasetError` if the file cannot be read.
  func stretch(at place: Int, fetching wanted: Int) throws -> UnsafeRawBufferPointer {
    let heldEnd = heldStart + held.count
    let isHeld = place >= heldStart && heldEnd - place >= 2
    return try bytes(at: place, count: isHeld ? heldEnd - place : wanted)
  }

  private func fetch(at place: Int, count: Int) throws {
    guard let source else { return }
    let memory = UnsafeMutableRawBufferPointer(
      start: try window.pointer(to: count, for: name), count: count)
    let read = try source.read(into: memory, at: place)
    held = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<read])
    heldStart = place
  }
}

extension UnsafeRawBufferPointer {
  /// A number at a place, which is inside.
  func integer<Value: FixedWidthInteger>(
    at place: Int, as type: Value.Type, isBigEndian: Bool
  ) -> Value {
    let value = loadUnaligned(fromByteOffset: place, as: type)
    return isBigEndian ? Value(bigEndian: value) : Value(littleEndian: value)
  }
}
