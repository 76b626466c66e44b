package import Kernels

/// Pooling by its definition, in Double.
package enum ReferencePooling {
  /// For every element of y: the indices of the elements of x in its window, row-major, and their
  /// places in the window.
  package static func windows(
    _ geometry: PoolingGeometry, batch: Int
  ) -> [[(source: Int, place: Int)]] {
    let g = geometry
    var windows: [[(source: Int, place: Int)]] = []
    for image in 0..<batch {
      for oy in 0..<g.outputHeight {
        for ox in 0..<g.outputWidth {
          for channel in 0..<g.channels {
            var window: [(source: Int, place: Int)] = []
            for ky in 0..<g.windowHeight {
              for kx in 0..<g.windowWidth {
                let iy = oy * g.strideHeight + ky - g.padding.top
                let ix = ox * g.strideWidth + kx - g.padding.left
                guard (0..<g.inputHeight).contains(iy) && (0..<g.inputWidth).contains(ix) else {
                  continue
                }
                let pixel = (image * g.inputHeight + iy) * g.inputWidth + ix
                window.append((pixel * g.channels + channel, ky * g.windowWidth + kx))
              }
            }
            windows.append(window)
          }
        }
      }
    }
    return windows
  }

  /// Which element of x each window takes: the first largest one, or the last NaN.
  package static func maxima(
    _ windows: [[(source: Int, place: Int)]], x: [Float]
  ) -> [(source: Int, place: Int)] {
    windows.map { window in
      var best = window[0]
      for element in window where x[element.source] > x[best.source] || x[element.source].isNaN {
        best = element
      }
      return best
    }
  }
}
