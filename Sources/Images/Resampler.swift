import CKernels
import Tensors

/// Resizes images and keeps its tables and scratch memory from one to the next.
///
/// For one thread at a time.
final class Resampler {
  /// A stretch of one side of an image, in pixels from its edge.
  struct Stretch: Hashable {
    /// How many pixels the side has.
    var side: Int
    /// Where the stretch begins.
    var start: Double
    /// How long it is.
    var length: Double

    /// The whole side.
    init(_ side: Int) {
      self.init(side: side, start: 0, length: Double(side))
    }

    private init(side: Int, start: Double, length: Double) {
      self.side = side
      self.start = start
      self.length = length
    }

    /// The stretch of a given length in the middle of the side.
    static func middle(of side: Int, length: Double) -> Stretch {
      Stretch(side: side, start: (Double(side) - length) / 2, length: length)
    }
  }

  /// For every output position, the input positions that it is made of and their weights.
  private struct Axis {
    var source = Stretch(1)
    var destination = 0
    var taps = 0
    var first: [Int32] = []
    var weights: [Int32] = []

    /// - Parameter bits: The weights of a position sum to 2 to this.
    init(from source: Stretch, to destination: Int, bits: Int) {
      let scale = source.length / Double(destination)
      let support = max(scale, 1)
      self.source = source
      self.destination = destination
      self.taps = min(source.side, 2 * Int(support.rounded(.up)) + 1)
      self.first = []
      self.weights = []
      for position in 0..<destination {
        let center = source.start + (Double(position) + 0.5) * scale - 0.5
        let lowest = Int((center - support).rounded(.up))
        let start = max(0, min(lowest, source.side - taps))
        let exact = (start..<start + taps).map { max(0, 1 - abs(Double($0) - center) / support) }
        let unit = Double(1 << bits) / exact.reduce(0, +)
        var rounded = exact.map { Int32(($0 * unit).rounded()) }
        // What rounding lost or won goes to the largest: a flat area stays exactly as it is.
        let largest = rounded.indices.max { rounded[$0] < rounded[$1] } ?? 0
        rounded[largest] += Int32(1 << bits) - rounded.reduce(0, +)
        first.append(Int32(start))
        weights += rounded
      }
    }
  }

  private var horizontal = Axis(from: Stretch(1), to: 1, bits: 22)
  private var vertical = Axis(from: Stretch(1), to: 1, bits: 15)
  private let rows = ScratchBytes()

  /// Writes the image in another size; see ``Image/resized(width:height:_:)``.
  ///
  /// - Throws: `MemoryError` if there is no memory for the rows between.
  func resample(
    _ source: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int,
    to destination: UnsafeMutablePointer<UInt8>, width newWidth: Int, height newHeight: Int,
    _ resizing: ImageReading.Resizing
  ) throws(MemoryError) {
    if width == newWidth && height == newHeight {
      destination.update(from: source, count: width * height * channels)
      return
    }
    let (across, down) = Self.stretches(
      width: width, height: height, newWidth: newWidth, newHeight: newHeight, resizing)
    if horizontal.source != across || horizontal.destination != newWidth {
      horizontal = Axis(from: across, to: newWidth, bits: 22)
    }
    if vertical.source != down || vertical.destination != newHeight {
      vertical = Axis(from: down, to: newHeight, bits: 15)
    }
    // Of a stretch, rows outside of it are not needed.
    let firstRow = Int(vertical.first[0])
    let rowCount = Int(vertical.first[newHeight - 1]) + vertical.taps - firstRow
    let stride = newWidth * channels
    let bytes = try rows.pointer(to: rowCount * stride * 2, for: "an image in another size")
    bytes.withMemoryRebound(to: UInt16.self, capacity: rowCount * stride) { rows in
      for row in 0..<rowCount {
        nk_resample_row(
          source + (firstRow + row) * width * channels, horizontal.first, horizontal.weights,
          horizontal.taps, newWidth, channels, rows + row * stride)
      }
      vertical.weights.withUnsafeBufferPointer { weights in
        for row in 0..<newHeight {
          nk_blend_rows(
            rows + (Int(vertical.first[row]) - firstRow) * stride, stride,
            weights.baseAddress! + row * vertical.taps, vertical.taps, stride,
            destination + row * stride)
        }
      }
    }
  }

  /// The part of an image that becomes the new one.
  private static func stretches(
    width: Int, height: Int, newWidth: Int, newHeight: Int, _ resizing: ImageReading.Resizing
  ) -> (across: Stretch, down: Stretch) {
    let surplus = width * newHeight - height * newWidth
    if resizing == .squash || surplus == 0 { return (Stretch(width), Stretch(height)) }
    if surplus > 0 {
      let length = Double(height) * Double(newWidth) / Double(newHeight)
      return (.middle(of: width, length: length), Stretch(height))
    }
    let length = Double(width) * Double(newHeight) / Double(newWidth)
    return (Stretch(width), .middle(of: height, length: length))
  }
}
