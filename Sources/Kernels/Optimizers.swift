internal import CKernels
package import Threads

/// Steps of optimizers over flat buffers: one pass, every array read and written once.
package enum Optimizers {
  /// One step of stochastic gradient descent, with PyTorch's definition of its options.
  ///
  /// g = gradient · gradientScale + weightDecay · p. With a velocity v (zero before the first
  /// step): v = momentum · v + g, and g = v, or g + momentum · v with `nesterov`.
  /// p −= learningRate · g.
  ///
  /// - Parameter velocity: nil without momentum.
  package static func sgd(
    count: Int, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    velocity: UnsafeMutablePointer<Float>?, learningRate: Float, momentum: Float, nesterov: Bool,
    weightDecay: Float, gradientScale: Float, team: WorkerTeam
  ) {
    precondition(velocity != nil || momentum == 0, "momentum needs a velocity")
    team.run(
      SGDStep(
        chunks: Chunks(of: count), parameters: parameters, gradients: gradients,
        velocity: velocity, learningRate: learningRate, momentum: momentum, nesterov: nesterov,
        weightDecay: weightDecay, gradientScale: gradientScale))
  }

  /// One step of Adam (Kingma and Ba, 2015), with PyTorch's definition of its options.
  ///
  /// - Parameters:
  ///   - firstMoment: Zero before the first step, and so is `secondMoment`.
  ///   - maxSecondMoment: For AMSGrad (Reddi et al., 2018), zero before the first step; else nil.
  ///   - step: The number of this step, from 1.
  ///   - beta1: A Double, as is `beta2`: 1 − 0.999 in Float would be wrong by 1e-5 of itself.
  ///   - weightDecay: Added to the gradient times the parameter, or with `decoupled` (AdamW,
  ///     Loshchilov and Hutter, 2019) the parameter is first multiplied by
  ///     1 − learningRate · weightDecay.
  ///   - gradientScale: Multiplies the gradient before all else.
  package static func adam(
    count: Int, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>,
    maxSecondMoment: UnsafeMutablePointer<Float>?, step: Int, learningRate: Float, beta1: Double,
    beta2: Double, epsilon: Float, weightDecay: Float, decoupled: Bool, gradientScale: Float,
    team: WorkerTeam
  ) {
    precondition(step >= 1)
    let correction1 = 1 - power(beta1, step)
    let correction2 = 1 - power(beta2, step)
    let shrinkage = 1 - Double(learningRate) * Double(weightDecay)
    let constants = nk_adam_step(
      gradient_scale: gradientScale, penalty: decoupled ? 0 : weightDecay,
      shrinkage: decoupled ? Float(shrinkage) : 1,
      beta1_complement: Float(1 - beta1), beta2: Float(beta2),
      beta2_complement: Float(1 - beta2),
      step_size: Float(Double(learningRate) / correction1),
      root_factor: Float(1 / correction2.squareRoot()), epsilon: epsilon)
    team.run(
      AdamStep(
        chunks: Chunks(of: count), parameters: parameters, gradients: gradients,
        firstMoment: firstMoment, secondMoment: secondMoment, maxSecondMoment: maxSecondMoment,
        constants: constants))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

private struct SGDStep: ParallelTask {
  let chunks: Chunks
  let parameters: UnsafeMutablePointer<Float>
  let gradients: UnsafePointer<Float>
  let velocity: UnsafeMutablePointer<Float>?
  let learningRate: Float
  let momentum: Float
  let nesterov: Bool
  let weightDecay: Float
  let gradientScale: Float

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    nk_sgd(
      chunks.length(chunk), parameters + start, gradients + start, velocity.map { $0 + start },
      learningRate, momentum, nesterov, weightDecay, gradientScale)
  }
}

private struct AdamStep: ParallelTask {
  let chunks: Chunks
  let parameters: UnsafeMutablePointer<Float>
  let gradients: UnsafePointer<Float>
  let firstMoment: UnsafeMutablePointer<Float>
  let secondMoment: UnsafeMutablePointer<Float>
  let maxSecondMoment: UnsafeMutablePointer<Float>?
  let constants: nk_adam_step

  var chunkCount: Int { chunks.count }

  func run(chunk: Int, worker: Int) {
    let start = chunks.start(chunk)
    withUnsafePointer(to: constants) { constants in
      nk_adam(
        chunks.length(chunk), parameters + start, gradients + start, firstMoment + start,
        secondMoment + start, maxSecondMoment.map { $0 + start }, constants)
    }
  }
}
