import CKernels

/// Resizes images and keeps its tables and scratch memory from one to the next.
///
/// For one thread at a time.
final class Resampler {
  /// For every output position, the input positions that it is made of and their weights.
  private struct Axis {
    var source = 0
    var destination = 0
    var taps = 0
    var first: [Int32] = []
    var weights: [Int32] = []

    /// - Parameter bits: The weights of a position sum to 2 to this.
    init(from source: Int, to destination: Int, bits: Int) {
      let scale = Double(source) / Double(destination)
      let support = max(scale, 1)
      self.source = source
      self.destination = destination
      self.taps = min(source, 2 * Int(support.rounded(.up)) + 1)
      self.first = []
      self.weights = []
      for position in 0..<destination {
        let center = (Double(position) + 0.5) * scale - 0.5
        let lowest = Int((center - support).rounded(.up))
        let start = max(0, min(lowest, source - taps))
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

  private var horizontal = Axis(from: 1, to: 1, bits: 22)
  private var vertical = Axis(from: 1, to: 1, bits: 15)
  private var rows: [UInt16] = []

  /// Writes the image in another size; see ``Image/resized(width:height:)``.
  func resample(
    _ source: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int,
    to destination: UnsafeMutablePointer<UInt8>, width newWidth: Int, height newHeight: Int
  ) {
    if width == newWidth && height == newHeight {
      destination.update(from: source, count: width * height * channels)
      return
    }
    if horizontal.source != width || horizontal.destination != newWidth {
      horizontal = Axis(from: width, to: newWidth, bits: 22)
    }
    if vertical.source != height || vertical.destination != newHeight {
      vertical = Axis(from: height, to: newHeight, bits: 15)
    }
    let stride = newWidth * channels
    if rows.count < height * stride { rows = [UInt16](repeating: 0, count: height * stride) }
    rows.withUnsafeMutableBufferPointer { rows in
      let rows = rows.baseAddress!
      for row in 0..<height {
        nk_resample_row(
          source + row * width * channels, horizontal.first, horizontal.weights, horizontal.taps,
          newWidth, channels, rows + row * stride)
      }
      vertical.weights.withUnsafeBufferPointer { weights in
        for row in 0..<newHeight {
          nk_blend_rows(
            rows + Int(vertical.first[row]) * stride, stride,
            weights.baseAddress! + row * vertical.taps, vertical.taps, stride,
            destination + row * stride)
        }
      }
    }
  }
}
