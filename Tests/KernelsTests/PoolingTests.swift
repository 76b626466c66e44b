import Kernels
import TestSupport
import Testing
import Threads

/// A pooling to test.
struct PoolingCase: Sendable, CustomTestStringConvertible {
  var geometry: PoolingGeometry
  var batch: Int

  init(
    _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, window: (Int, Int),
    stride: (Int, Int), padding: WindowPadding? = WindowPadding.none
  ) {
    self.batch = batch
    let geometry = PoolingGeometry(
      inputHeight: height, inputWidth: width, channels: channels, windowHeight: window.0,
      windowWidth: window.1, strideHeight: stride.0, strideWidth: stride.1,
      padding: padding ?? .none)
    self.geometry = padding == nil ? geometry.withSamePadding() : geometry
  }

  var testDescription: String {
    let g = geometry
    return "\(batch)x\(g.inputHeight)x\(g.inputWidth)x\(g.channels) "
      + "window \(g.windowHeight)x\(g.windowWidth) stride \(g.strideHeight),\(g.strideWidth) "
      + "padding \(g.padding.top),\(g.padding.left),\(g.padding.bottom),\(g.padding.right)"
  }

  static let all: [PoolingCase] = [
    PoolingCase(1, 1, 1, 1, window: (1, 1), stride: (1, 1)),
    PoolingCase(3, 26, 26, 32, window: (2, 2), stride: (2, 2)),
    PoolingCase(2, 11, 11, 65, window: (2, 2), stride: (2, 2)),
    PoolingCase(2, 9, 9, 3, window: (3, 3), stride: (2, 2)),
    PoolingCase(1, 7, 7, 17, window: (2, 2), stride: (2, 2), padding: nil),
    PoolingCase(2, 10, 6, 8, window: (3, 3), stride: (1, 1), padding: nil),
    PoolingCase(2, 11, 13, 5, window: (2, 3), stride: (3, 5)),
    PoolingCase(2, 7, 5, 16, window: (7, 5), stride: (1, 1)),
    PoolingCase(1, 16, 16, 3, window: (16, 16), stride: (1, 2)),
    PoolingCase(
      2, 6, 5, 19, window: (4, 3), stride: (2, 1),
      padding: WindowPadding(top: 3, left: 0, bottom: 1, right: 2)),
    PoolingCase(
      2, 1, 1, 4, window: (3, 3), stride: (2, 2),
      padding: WindowPadding(top: 2, left: 2, bottom: 2, right: 2)),
  ]
}

@Suite struct PoolingTests {
  @Test(arguments: PoolingCase.all)
  func maximum(_ test: PoolingCase) {
    let g = test.geometry
    #expect(g.problem == nil)
    // Few values, so that there are ties.
    let x = TestArrays.integers(test.batch * g.inputCount, seed: 1)
    checkMaximum(test, x: x)
  }

  @Test(arguments: PoolingCase.all)
  func maximumOfNaN(_ test: PoolingCase) {
    var x = TestArrays.integers(test.batch * test.geometry.inputCount, seed: 1)
    for index in stride(from: 0, to: x.count, by: 7) { x[index] = .nan }
    for index in stride(from: 3, to: x.count, by: 11) { x[index] = -.infinity }
    checkMaximum(test, x: x)
  }

  private func checkMaximum(_ test: PoolingCase, x: [Float]) {
    let g = test.geometry
    let maxima = ReferencePooling.maxima(
      ReferencePooling.windows(g, batch: test.batch), x: x)
    let dy = TestArrays.integers(maxima.count, seed: 2)
    for threads in [1, 2, 3, 7] {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: .nan, count: dy.count)
      var indices = [UInt8](repeating: 255, count: dy.count)
      Pooling.maximumForward(g, batch: test.batch, x: x, y: &y, indices: &indices, team: team)
      expectClose(y, maxima.map { x[$0.source] }, relative: 0, "y")
      let agree = indices.map(Int.init) == maxima.map(\.place)
      #expect(agree, "indices")
      for initial in [nil, Float(3)] {
        var expected = [Double](repeating: Double(initial ?? 0), count: x.count)
        for (index, element) in maxima.enumerated() {
          expected[element.source] += Double(dy[index])
        }
        var dx = [Float](repeating: initial ?? .nan, count: x.count)
        Pooling.maximumBackward(
          g, batch: test.batch, dy: dy, indices: indices, dx: &dx, accumulate: initial != nil,
          team: team)
        expectClose(dx, expected, relative: 0, "dx")
      }
    }
  }

  @Test(arguments: PoolingCase.all)
  func average(_ test: PoolingCase) {
    let g = test.geometry
    let windows = ReferencePooling.windows(g, batch: test.batch)
    let x = TestArrays.integers(test.batch * g.inputCount, seed: 1)
    let dy = TestArrays.uniform(windows.count, seed: 2)
    let y = windows.map { window in
      Float(window.reduce(0) { $0 + x[$1.source] }) / Float(window.count)
    }
    var first: [Float]?
    for threads in [1, 2, 3, 7] {
      let team = WorkerTeam(threadCount: threads)
      var actual = [Float](repeating: .nan, count: y.count)
      Pooling.averageForward(g, batch: test.batch, x: x, y: &actual, team: team)
      expectClose(actual, y, relative: 0, "y")
      for initial in [Float(3), nil] {
        var expected = [Double](repeating: Double(initial ?? 0), count: x.count)
        for (index, window) in windows.enumerated() {
          for element in window {
            expected[element.source] += Double(dy[index]) / Double(window.count)
          }
        }
        var dx = [Float](repeating: initial ?? .nan, count: x.count)
        Pooling.averageBackward(
          g, batch: test.batch, dy: dy, dx: &dx, accumulate: initial != nil, team: team)
        expectClose(dx, expected, absolute: 1e-6, "dx")
        if initial == nil {
          let agree = dx == first ?? dx
          #expect(agree, "\(threads) threads")
          first = dx
        }
      }
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 169, 65), (2, 700, 17), (5, 4, 100), (9, 25, 3)])
  func global(_ batch: Int, _ pixels: Int, _ channels: Int) {
    let x = TestArrays.integers(batch * pixels * channels, seed: 1)
    let dy = TestArrays.integers(batch * channels, seed: 2)
    var mean: [Float] = []
    var maxima: [Float] = []
    var places: [Int32] = []
    for image in 0..<batch {
      for channel in 0..<channels {
        let column = (0..<pixels).map { x[(image * pixels + $0) * channels + channel] }
        mean.append(column.reduce(0, +) / Float(pixels))
        let largest = column.max() ?? 0
        maxima.append(largest)
        places.append(Int32(column.firstIndex(of: largest) ?? 0))
      }
    }
    for threads in [1, 2, 3, 7] {
      let team = WorkerTeam(threadCount: threads)
      var y = [Float](repeating: .nan, count: dy.count)
      Pooling.globalAverageForward(
        batch: batch, pixels: pixels, channels: channels, x: x, y: &y, team: team)
      expectClose(y, mean, relative: 0)
      var indices = [Int32](repeating: -1, count: dy.count)
      Pooling.globalMaximumForward(
        batch: batch, pixels: pixels, channels: channels, x: x, y: &y, indices: &indices,
        team: team)
      expectClose(y, maxima, relative: 0)
      let agree = indices == places
      #expect(agree, "indices")
      for initial in [nil, Float(3)] {
        var dx = [Float](repeating: initial ?? .nan, count: x.count)
        Pooling.globalAverageBackward(
          batch: batch, pixels: pixels, channels: channels, dy: dy, dx: &dx,
          accumulate: initial != nil, team: team)
        let expected = (0..<x.count).map { index in
          (initial ?? 0) + dy[index / (pixels * channels) * channels + index % channels]
            / Float(pixels)
        }
        expectClose(dx, expected, relative: 0)
        dx = [Float](repeating: initial ?? .nan, count: x.count)
        Pooling.globalMaximumBackward(
          batch: batch, pixels: pixels, channels: channels, dy: dy, indices: indices, dx: &dx,
          accumulate: initial != nil, team: team)
        var routed = [Float](repeating: initial ?? 0, count: x.count)
        for (index, place) in places.enumerated() {
          routed[(index / channels * pixels + Int(place)) * channels + index % channels] +=
            dy[index]
        }
        expectClose(dx, routed, relative: 0)
      }
    }
  }

  @Test func impossibleSizesAreNamed() {
    func problem(_ change: (inout PoolingGeometry) -> Void) -> String {
      var g = PoolingCase(1, 8, 8, 3, window: (2, 2), stride: (2, 2)).geometry
      change(&g)
      return g.problem ?? "none"
    }
    #expect(problem { $0.windowWidth = 0 } == "window width is 0; it must be at least 1")
    #expect(
      problem {
        $0.inputHeight = 100
        $0.inputWidth = 100
        $0.windowHeight = 16
        $0.windowWidth = 17
      } == "a window of 16 x 17 pixels has more than 256; global pooling has no such limit")
    #expect(
      problem { $0.padding.bottom = 2 } == "the padding must be smaller than the window of 2 x 2")
    #expect(
      problem { $0.windowHeight = 9 }
        == "a window of 9 x 2 pixels does not fit an image of 8 x 8 pixels, padding included")
    #expect(problem { $0.inputHeight = 8 } == "none")
  }
}
