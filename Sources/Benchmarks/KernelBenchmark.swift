package import Kernels
import Tensors
package import Threads
import Training

/// How fast one pass of a kernel is.
package struct KernelSpeed: Sendable, Hashable {
  /// What is computed.
  package let pass: ConvolutionPass
  /// How: a convolution's algorithm; for products, `tiles` (ours) or `blas` (the system's).
  package let algorithm: String
  /// Whether the rule on shapes chooses it.
  package let isRule: Bool
  /// Floating-point operations of the pass by the direct count.
  package let operations: Double
  /// How long the pass takes.
  package let timing: StepTiming
  /// Seconds of bringing the weights into the form that the pass works on.
  ///
  /// Zero where it takes them as they are. Not part of `timing`: training does it in each step,
  /// predictions once.
  package let preparation: Double

  /// The rate of operations in the median window.
  package var gigaflopsPerSecond: Double { operations / timing.median / 1e9 }
}

/// Measures kernels on made-up numbers.
package struct KernelBenchmark: Sendable {
  private let team: WorkerTeam
  private let seconds: Double

  /// Prepares measurements.
  ///
  /// - Parameters:
  ///   - engine: The threads.
  ///   - seconds: How long to measure each pass.
  package init(engine: Engine, seconds: Double) {
    self.team = engine.team
    self.seconds = seconds
  }

  /// Measures every pass of a convolution.
  ///
  /// - Throws: `MemoryError` if there is no memory for the images.
  /// - Precondition: The algorithm supports the geometry; for `im2row`, ``requireBLAS()`` has not thrown.
  package func measure(
    _ geometry: ConvolutionGeometry, batch: Int, algorithm: ConvolutionAlgorithm
  ) throws -> [KernelSpeed] {
    let x = try numbers(batch, geometry.inputCount)
    // Apart from y, half of which relu makes zero: gradients have no zeros that might be left out.
    let y = try numbers(batch, geometry.outputCount)
    let dz = try numbers(batch, geometry.outputCount)
    let weights = try numbers(geometry.weightCount)
    let dWeights = try numbers(geometry.weightCount)
    let bias = try numbers(geometry.outputChannels)
    let scratchCount =
      ConvolutionPass.allCases.map {
        Convolution.scratchCount(
          geometry, maximumBatch: batch, pass: $0, threadCount: team.threadCount,
          algorithm: algorithm)
      }
      .max() ?? 0
    let scratch = try memory(scratchCount)
    return try ConvolutionPass.allCases.map { pass in
      let prepared = try memory(
        Convolution.preparedCount(geometry, pass: pass, algorithm: algorithm))
      func prepare() {
        Convolution.prepare(
          geometry, pass: pass, weights: weights.pointer, into: prepared.pointer, team: team,
          algorithm: algorithm)
      }
      let preparation = preparationSeconds(of: prepared, prepare)
      let timing = flushing {
        switch pass {
        case .forward:
          Convolution.forward(
            geometry, batch: batch, x: x.pointer, weights: weights.pointer,
            prepared: prepared.pointer, bias: bias.pointer, function: .relu, parameter: 0,
            y: y.pointer, scratch: scratch.pointer, team: team, algorithm: algorithm)
        case .backwardData, .backwardWeights:
          let wantsData = pass == .backwardData
          Convolution.backward(
            geometry, batch: batch, x: x.pointer, dz: dz.pointer, weights: weights.pointer,
            prepared: wantsData ? prepared.pointer : nil, dx: wantsData ? x.pointer : nil,
            addsToImages: false, dWeights: wantsData ? nil : dWeights.pointer,
            dBias: wantsData ? nil : bias.pointer, addsToWeights: false,
            scratch: scratch.pointer, team: team, algorithm: algorithm)
        }
      }
      return KernelSpeed(
        pass: pass, algorithm: algorithm.rawValue,
        isRule: .recommended(for: geometry) == algorithm,
        operations: geometry.flops(batch: batch), timing: timing, preparation: preparation)
    }
  }

  /// Whether OpenBLAS, which some measurements are of, can be used; throws why not.
  package func requireBLAS() throws(BLASError) {
    try BLASLibrary.require(threadCount: team.threadCount)
  }

  /// Measures the passes of rows times a matrix: by our tiles, which dense layers use, and, where that is
  /// asked for, by OpenBLAS.
  ///
  /// - Throws: `MemoryError` if there is no memory for the matrices.
  /// - Precondition: ``requireBLAS()`` has not thrown, where OpenBLAS is measured.
  package func measure(
    rows: Int, inputSize: Int, outputSize: Int, includingBLAS: Bool
  ) throws -> [KernelSpeed] {
    let x = try numbers(rows, inputSize)
    let z = try numbers(rows, outputSize)
    let weights = try numbers(inputSize, outputSize)
    let dWeights = try numbers(inputSize, outputSize)
    let product = DenseForward(inputSize: inputSize, outputSize: outputSize)
    let scratch = try memory(
      ConvolutionPass.allCases.map { pass in
        pass == .forward
          ? product.scratchCount(maximumRows: rows, threadCount: team.threadCount)
          : Dense.scratchCount(
            rows: rows, inputSize: inputSize, outputSize: outputSize, pass: pass,
            threadCount: team.threadCount)
      }.max() ?? 0)
    func speed(
      _ pass: ConvolutionPass, _ algorithm: String, preparation: Double = 0, _ run: () -> Void
    ) -> KernelSpeed {
      KernelSpeed(
        pass: pass, algorithm: algorithm, isRule: algorithm == "tiles",
        operations: 2 * Double(rows) * Double(inputSize) * Double(outputSize),
        timing: flushing(run), preparation: preparation)
    }
    let tiles = try ConvolutionPass.allCases.map { pass in
      let prepared = try memory(
        pass == .forward
          ? product.preparedCount
          : Dense.preparedCount(inputSize: inputSize, outputSize: outputSize, pass: pass))
      let preparation = preparationSeconds(of: prepared) {
        if pass == .forward {
          product.prepare(weights.pointer, into: prepared.pointer, team: team)
          return
        }
        Dense.prepare(
          inputSize: inputSize, outputSize: outputSize, pass: pass, weights: weights.pointer,
          into: prepared.pointer, team: team)
      }
      return speed(pass, "tiles", preparation: preparation) {
        switch pass {
        case .forward:
          product.run(
            rows: rows, x: x.pointer, prepared: prepared.pointer, bias: nil, function: .identity,
            parameter: 0, y: z.pointer, scratch: scratch.pointer, team: team)
        case .backwardData:
          Dense.backwardData(
            rows: rows, inputSize: inputSize, outputSize: outputSize, dz: z.pointer,
            prepared: prepared.pointer, dx: x.pointer, accumulate: false,
            scratch: scratch.pointer, team: team)
        case .backwardWeights:
          Dense.backwardWeights(
            rows: rows, inputSize: inputSize, outputSize: outputSize, x: x.pointer,
            dz: z.pointer, dWeights: dWeights.pointer, dBias: nil, accumulate: false,
            scratch: scratch.pointer, team: team)
        }
      }
    }
    guard includingBLAS else { return tiles }
    let blas = ConvolutionPass.allCases.map { pass in
      speed(pass, "blas") {
        switch pass {
        case .forward:
          MatrixProduct.forward(
            m: rows, n: outputSize, k: inputSize, a: x.pointer, b: weights.pointer,
            y: z.pointer, team: team)
        case .backwardData:
          MatrixProduct.backwardLeft(
            m: rows, n: outputSize, k: inputSize, dy: z.pointer, b: weights.pointer,
            da: x.pointer, accumulate: false, team: team)
        case .backwardWeights:
          MatrixProduct.backwardRight(
            m: rows, n: outputSize, k: inputSize, a: x.pointer, dy: z.pointer,
            db: dWeights.pointer, accumulate: false, team: team)
        }
      }
    }
    return tiles + blas
  }

  private func preparationSeconds(of prepared: AlignedBuffer<Float>, _ prepare: () -> Void)
    -> Double
  {
    prepare()
    guard prepared.count > 0 else { return 0 }
    return StepTiming.measuring(seconds: seconds / 10, prepare).median
  }

  /// Measures with denormal numbers as zero, as a plan runs.
  private func flushing(_ run: () -> Void) -> StepTiming {
    let mode = FloatMode.flushDenormals()
    defer { mode.restore() }
    return StepTiming.measuring(seconds: seconds, run)
  }

  /// Memory for so many numbers, or so many rows of them.
  private func memory(_ count: Int, _ size: Int = 1) throws(MemoryError) -> AlignedBuffer<Float> {
    let (product, overflows) = count.multipliedReportingOverflow(by: size)
    return try AlignedBuffer(count: overflows ? -1 : product, for: "the numbers of a kernel")
  }

  /// Numbers around zero.
  private func numbers(_ count: Int, _ size: Int = 1) throws(MemoryError) -> AlignedBuffer<Float> {
    let buffer = try memory(count, size)
    var random = RandomStream(seed: 0, purpose: .synthesis)
    for index in 0..<buffer.count { buffer.pointer[index] = random.nextUniform() - 0.5 }
    return buffer
  }
}
