import Kernels
import TestSupport
import Testing
import Threads

@Suite struct OptimizersTests {
  struct SGD: Sendable {
    var momentum: Float = 0
    var nesterov = false
    var weightDecay: Float = 0
    var scale: Float = 1
  }

  @Test(
    arguments: [
      SGD(), SGD(momentum: 0.9), SGD(momentum: 0.9, nesterov: true),
      SGD(momentum: 0.8, nesterov: true, weightDecay: 0.05, scale: 0.25), SGD(weightDecay: 0.1),
    ], oddCounts)
  func sgd(options o: SGD, count: Int) {
    let start = testValues(count)
    var expected = start.map { Double($0) }
    var velocities = [Double](repeating: 0, count: count)
    let gradients = (0..<3).map { testValues(count, seed: 10 + $0) }
    for gradient in gradients {
      for i in 0..<count {
        var g = Double(gradient[i]) * Double(o.scale) + Double(o.weightDecay) * expected[i]
        if o.momentum != 0 {
          velocities[i] = Double(o.momentum) * velocities[i] + g
          g = o.nesterov ? g + Double(o.momentum) * velocities[i] : velocities[i]
        }
        expected[i] -= Double(Float(0.1)) * g
      }
    }
    var first: [Float] = []
    for threads in threadCounts {
      var p = start
      var v = [Float](repeating: 0, count: count)
      for gradient in gradients {
        v.withUnsafeMutableBufferPointer {
          Optimizers.sgd(
            count: count, parameters: &p, gradients: gradient,
            velocity: o.momentum == 0 ? nil : $0.baseAddress, learningRate: 0.1,
            momentum: o.momentum, nesterov: o.nesterov, weightDecay: o.weightDecay,
            gradientScale: o.scale, team: WorkerTeam(threadCount: threads))
        }
      }
      if threads == 1 { first = p }
      #expect(p == first)
    }
    expectClose(first, expected, relative: 1e-6, absolute: 2e-7)
  }

  struct Adam: Sendable {
    var amsgrad = false
    var weightDecay: Float = 0
    var decoupled = false
    var scale: Float = 1
  }

  @Test(
    arguments: [
      Adam(), Adam(amsgrad: true), Adam(weightDecay: 0.1), Adam(weightDecay: 0.1, decoupled: true),
      Adam(amsgrad: true, weightDecay: 0.2, decoupled: true, scale: 0.5),
    ], oddCounts)
  func adam(options o: Adam, count: Int) {
    let (rate, b1, b2, eps) = (Double(Float(0.01)), 0.9, 0.999, Double(Float(1e-8)))
    let start = testValues(count)
    var expected = start.map { Double($0) }
    var (ms, vs, largest) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
      [Double](repeating: 0, count: count)
    )
    // The second is smaller, so that the largest second moment matters.
    let gradients = (0..<4).map { step in
      testValues(count, seed: UInt64(10 + step)).map { step == 0 ? $0 : $0 * 0.1 }
    }
    var (power1, power2) = (1.0, 1.0)
    for gradient in gradients {
      power1 *= b1
      power2 *= b2
      for i in 0..<count {
        var g = Double(gradient[i]) * Double(o.scale)
        if o.decoupled {
          expected[i] *= 1 - rate * Double(o.weightDecay)
        } else {
          g += Double(o.weightDecay) * expected[i]
        }
        ms[i] = b1 * ms[i] + (1 - b1) * g
        vs[i] = b2 * vs[i] + (1 - b2) * g * g
        largest[i] = max(largest[i], vs[i])
        let v = (o.amsgrad ? largest[i] : vs[i]) / (1 - power2)
        expected[i] -= rate * ms[i] / (1 - power1) / (v.squareRoot() + eps)
      }
    }
    var first: [Float] = []
    for threads in threadCounts {
      var p = start
      var m = [Float](repeating: 0, count: count)
      var v = m
      var l = m
      for (step, gradient) in gradients.enumerated() {
        l.withUnsafeMutableBufferPointer {
          Optimizers.adam(
            count: count, parameters: &p, gradients: gradient, firstMoment: &m, secondMoment: &v,
            maxSecondMoment: o.amsgrad ? $0.baseAddress : nil, step: step + 1, learningRate: 0.01,
            beta1: b1, beta2: b2, epsilon: 1e-8, weightDecay: o.weightDecay,
            decoupled: o.decoupled, gradientScale: o.scale,
            team: WorkerTeam(threadCount: threads))
        }
      }
      if threads == 1 { first = p }
      #expect(p == first)
    }
    expectClose(first, expected, relative: 1e-6, absolute: 1e-6)
  }

  @Test func adamDoesNotDivideByZero() {
    var (p, m, v): ([Float], [Float], [Float]) = ([1], [0], [0])
    Optimizers.adam(
      count: 1, parameters: &p, gradients: [0], firstMoment: &m, secondMoment: &v,
      maxSecondMoment: nil, step: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
      weightDecay: 0, decoupled: false, gradientScale: 1, team: WorkerTeam(threadCount: 1))
    #expect(p == [1])
  }
}
