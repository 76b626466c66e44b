import Graphs
import Kernels
import Tensors
import TestSupport
import Testing
import Threads

/// A convolution leaves the moments of its result to the normalisation that follows.
@Suite struct MomentsTests {
  private let builder = GraphBuilder()

  private func normalized(_ x: Node, _ channels: Int, _ name: String) -> Node {
    Self.normalized(x, channels, name, builder)
  }

  private static func normalized(
    _ x: Node, _ channels: Int, _ name: String, _ builder: GraphBuilder
  ) -> Node {
    func variable(_ suffix: String, _ initializer: Initializer, trained: Bool) -> Node {
      builder.variable(
        name + suffix, shape: [channels], initializer: initializer, isTrainable: trained)
    }
    return batchNormalization(
      x, scale: variable("s", .ones, trained: true), offset: variable("o", .zeros, trained: true),
      runningMean: variable("m", .zeros, trained: false),
      runningVariance: variable("v", .ones, trained: false), momentum: 0.9, epsilon: 1e-3)
  }

  /// The bits say whose moments were used, for others sum other parts of the rows.
  @Test func theNormalizationUsesThem() throws {
    let batch = 6
    let images = builder.placeholder("x", [.batch, 23, 19, 8])
    let weights = builder.variable("w", shape: [3, 3, 8, 20])
    let product = convolve2D(images, weights, padding: .same)
    let y = normalized(product, 20, "n")
    let run = try GraphRun([product, y], maximumBatch: batch, isTraining: true)
    run.feedTheRest(batch: batch)
    run.run(batch: batch)
    let x = run.output(0)

    let team = WorkerTeam(threadCount: 1)
    let geometry = ConvolutionGeometry(
      inputHeight: 23, inputWidth: 19, inputChannels: 8, outputChannels: 20, kernelHeight: 3,
      kernelWidth: 3, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1,
      padding: .none, groups: 1
    ).withSamePadding()
    let rows = batch * 23 * 19
    let input = TestArrays.uniform(batch * 23 * 19 * 8, seed: 7)
    let values = run.value(of: "w")
    func normalize(_ moments: ChannelMoments?) -> [Float] {
      var y = [Float](repeating: .nan, count: rows * 20)
      var mean = [Float](repeating: 0, count: 20)
      var (variance, savedMean, savedDeviation) = (mean, mean, mean)
      let count = BatchNormalization.forwardScratchCount(
        rows: rows, channels: 20, isTraining: true)
      withScratch(count) {
        BatchNormalization.forwardTraining(
          rows: rows, channels: 20, x: x, moments: moments, gamma: nil, beta: nil, epsilon: 1e-3,
          momentum: 0.9, runningMean: &mean, runningVariance: &variance,
          savedMean: &savedMean, savedInverseDeviation: &savedDeviation, function: .identity,
          parameter: 0, y: &y, scratch: $0, team: team)
      }
      return y
    }
    withScratch(Convolution.momentCount(geometry, maximumBatch: batch)) { moments in
      var again = [Float](repeating: .nan, count: x.count)
      withScratch(Convolution.preparedCount(geometry, pass: .forward)) { prepared in
        Convolution.prepare(geometry, pass: .forward, weights: values, into: prepared, team: team)
        let count = Convolution.scratchCount(
          geometry, maximumBatch: batch, pass: .forward, threadCount: 1)
        withScratch(count) {
          Convolution.forward(
            geometry, batch: batch, x: input, weights: values, prepared: prepared, bias: nil,
            function: .identity, parameter: 0, y: &again, moments: moments, scratch: $0,
            team: team)
        }
      }
      #expect(again == x)
      #expect(normalize(ChannelMoments(channels: 20, memory: moments)) == run.output(1))
    }
    #expect(normalize(nil) != run.output(1))
    expectClose(normalize(nil), run.output(1), relative: 1e-4, absolute: 1e-5)
  }

  /// The moments outlive what runs until the last reader, in the memory of a smaller batch as well.
  ///
  /// Behind a reshape, whose result nobody wrote, a normalisation takes its own.
  @Test(arguments: [2, 7]) func theyLastUntilTheyAreRead(batch: Int) throws {
    let runs = try [false, true].map { apart in
      let builder = GraphBuilder()
      func variable(_ name: String, _ shape: Shape) -> Node {
        builder.variable(name, shape: shape)
      }
      func normalized(_ x: Node, _ name: String) -> Node {
        let values = apart ? x.reshaped(to: [10, 11, 24]) : x
        return MomentsTests.normalized(values, 24, name, builder)
      }
      let images = builder.placeholder("x", [.batch, 12, 13, 5])
      let first = convolve2D(images, variable("w", [3, 3, 5, 24]))
      // Scratch memory and results of others in between.
      let between = convolve2D(
        tanh(convolve2D(first, variable("u", [3, 3, 24, 30]), padding: .same)),
        variable("t", [3, 3, 30, 24]), padding: .same)
      let sum = normalized(first, "a") + tanh(normalized(between, "b"))
      let loss = mean(tanh(sum) * normalized(first, "c"))
      let run = try GraphRun([], loss: loss, maximumBatch: 7, isTraining: true)
      run.feedTheRest(batch: batch)
      run.run(batch: batch)
      return run
    }
    expectClose([runs[0].loss], [runs[1].loss], relative: 1e-4, absolute: 1e-6)
    for name in runs[0].trainedNames {
      expectClose(
        runs[0].gradient(of: name), runs[1].gradient(of: name), relative: 1e-3, absolute: 1e-6,
        name)
    }
  }

  /// Two readers of one convolution, one of a biased and rectified one, and one behind a pooling, which
  /// takes its own.
  @Test(arguments: [1, 2, 3, 7]) func severalReaders(threads: Int) throws {
    let images = builder.placeholder("x", [.batch, 12, 13, 3])
    let first = convolve2D(images, builder.variable("w", shape: [3, 3, 3, 5]))
    let sum = normalized(first, 5, "a") + normalized(first, 5, "b")
    let second = relu(
      convolve2D(sum, builder.variable("u", shape: [1, 1, 5, 4]))
        + builder.variable("c", shape: [4], initializer: .zeros))
    let pooled = maxPool2D(
      convolve2D(
        normalized(second, 4, "d"), builder.variable("t", shape: [3, 3, 4, 6])),
      poolSize: Size2D(2), strides: Size2D(2))
    let loss = mean(tanh(normalized(pooled, 6, "e")))
    let runs = try [1, threads].map { threadCount in
      let run = try GraphRun(
        [], loss: loss, maximumBatch: 7, isTraining: true, threadCount: threadCount)
      run.feedTheRest(batch: 5)
      run.run(batch: 5)
      return run
    }
    #expect(runs[0].loss.isFinite)
    #expect(runs[0].loss == runs[1].loss)
    for name in runs[0].trainedNames {
      let areFinite = runs[0].gradient(of: name).allSatisfy(\.isFinite)
      #expect(areFinite)
      #expect(runs[0].gradient(of: name) == runs[1].gradient(of: name), "\(name)")
    }
  }
}
