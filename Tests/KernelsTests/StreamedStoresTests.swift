import Kernels
import Tensors
import TestSupport
import Testing
import Threads

/// Large results are written past the caches: they are those of small ones, which are not.
@Suite struct StreamedStoresTests {
  @Test(arguments: [false, true]) func normalizedRows(hasAddend: Bool) {
    // 16 MiB and a chunk that is not whole.
    let (rows, channels) = (32_771, 128)
    let team = WorkerTeam(threadCount: 3)
    let x = TestArrays.uniform(rows * channels, seed: 1)
    let vectors = (2...5).map { TestArrays.uniform(channels, seed: $0).map { abs($0) + 0.1 } }
    let y = AlignedBuffer<Float>(count: rows * channels)
    func normalize(_ first: Int, _ count: Int, into y: UnsafeMutablePointer<Float>) {
      let scratch = BatchNormalization.forwardScratchCount(
        rows: count, channels: channels, isTraining: false)
      x.withUnsafeBufferPointer { x in
        guard let x = x.baseAddress.map({ $0 + first * channels }) else { return }
        withScratch(scratch) {
          BatchNormalization.forwardInference(
            rows: count, channels: channels, x: x, gamma: vectors[0], beta: vectors[1],
            epsilon: 1e-3, runningMean: vectors[2], runningVariance: vectors[3],
            addend: hasAddend ? x : nil, function: .relu, parameter: 0, y: y, scratch: $0,
            team: team)
        }
      }
    }
    normalize(0, rows, into: y.pointer)
    var part = [Float](repeating: .nan, count: 1000 * channels)
    for first in [0, 17_000, rows - 1000] {
      normalize(first, 1000, into: &part)
      let range = first * channels..<(first + 1000) * channels
      let agrees = Array(y.elements[range]) == part
      #expect(agrees, "rows from \(first) on")
    }
  }

  @Test(arguments: [ConvolutionPass.forward, .backwardData])
  func transformedWeights(pass: ConvolutionPass) {
    let (large, small) = (512, 64)
    let team = WorkerTeam(threadCount: 2)
    let weights = TestArrays.uniform(9 * large * large, seed: 1)
    func prepare(inputs: Int, outputs: Int, _ weights: [Float]) -> AlignedBuffer<Float> {
      let geometry = ConvolutionGeometry(
        inputHeight: 6, inputWidth: 6, inputChannels: inputs, outputChannels: outputs,
        kernelHeight: 3, kernelWidth: 3)
      let prepared = AlignedBuffer<Float>(
        count: Convolution.preparedCount(geometry, pass: pass, algorithm: .winograd4))
      Convolution.prepare(
        geometry, pass: pass, weights: weights, into: prepared.pointer, team: team,
        algorithm: .winograd4)
      return prepared
    }
    let all = prepare(inputs: large, outputs: large, weights)
    // The last columns of each point's matrix are those of fewer channels alone.
    let first = large - small
    let columns = weights.indices.filter {
      pass == .forward ? $0 % large >= first : $0 / large % large >= first
    }
    let some = prepare(
      inputs: pass == .forward ? large : small, outputs: pass == .forward ? small : large,
      columns.map { weights[$0] })
    for point in 0..<36 {
      let start = point * (all.count / 36) + large * first
      let own = point * (some.count / 36)
      let agrees =
        all.elements[start..<start + large * small]
        .elementsEqual(some.elements[own..<own + large * small])
      #expect(agrees, "point \(point)")
    }
  }
}
