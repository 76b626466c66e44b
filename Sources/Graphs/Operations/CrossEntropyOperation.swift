import Kernels
import Tensors

/// The cross-entropy of softmax(logits) and the targets, a mean over the rows: class labels
/// (`Int32`, one a row) or probabilities as wide as the logits.
///
/// The gradient reaches the logits only.
package struct CrossEntropyOperation: Operation, PlannedKernel {
  package static let kind = "softmax_cross_entropy"
  package static let inputCounts = 2...2
  let labelSmoothing: Float
  /// One weight a class; empty weighs all alike.
  let classWeights: [Float]

  init(labelSmoothing: Float, classWeights: [Float]) {
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
  }

  package var attributes: Attributes {
    ["label_smoothing": .float(labelSmoothing), "class_weights": .floats(classWeights)]
  }

  package init(attributes: AttributeReader) throws {
    labelSmoothing = try attributes.float("label_smoothing")
    classWeights = try attributes.floats("class_weights")
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let (logits, targets) = (inputs[0], inputs[1])
    guard logits.elementType == .float32, logits.rank >= 2,
      let classes = logits.dimensions.last?.fixedValue
    else {
      throw ShapeRuleViolation(
        "expects logits of shape […, classes]; it was given \(logits).")
    }
    let expected =
      targets.elementType == .int32 ? Array(logits.dimensions.dropLast()) : logits.dimensions
    guard targets.dimensions == expected else {
      throw ShapeRuleViolation(
        "expects one label for each row of logits, or a probability for each logit; it was given "
          + "logits \(logits) and targets \(targets).")
    }
    guard labelSmoothing >= 0, labelSmoothing <= 1 else {
      throw ShapeRuleViolation("expects a label smoothing from 0 to 1; it has \(labelSmoothing).")
    }
    guard classWeights.isEmpty || classWeights.count == classes else {
      throw ShapeRuleViolation(
        "expects a weight for each of the \(classes) classes; it has \(classWeights.count).")
    }
    return NodeType([])
  }

  package func floatOperations(inputs: [NodeType], output: NodeType, batch: Int) -> Int {
    5 * inputs[0].count(batch: batch)
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let (labelSmoothing, classWeights) = (labelSmoothing, classWeights)
    let logits = site.inputTypes[0]
    let columns = logits.dimensions.last?.fixedValue ?? 1
    let isSparse = site.inputTypes[1].elementType == .int32
    let probabilities = buffers.saved(floats: logits.count(batch: site.maximumBatch))
    // The sum of the rows' weights.
    let weightSum = buffers.saved(floats: 1)
    let scratch = buffers.scratch(
      floats: Losses.crossEntropyScratchCount(
        rows: logits.rowCount(batch: site.maximumBatch), columns: columns), .forward)
    var instructions = KernelInstructions { bindings in
      let (probabilities, weightSum) = (bindings[probabilities], bindings[weightSum])
      let scratch = bindings[scratch]
      return { context in
        let rows = logits.rowCount(batch: context.batch)
        classWeights.withUnsafeBufferPointer { weights in
          let weights = weights.isEmpty ? nil : weights.baseAddress
          if isSparse {
            Losses.softmaxCrossEntropy(
              rows: rows, columns: columns, logits: context.floats(bindings.inputs[0]),
              labels: context.integers(bindings.inputs[1]), labelSmoothing: labelSmoothing,
              classWeights: weights, probabilities: context.floats(probabilities),
              loss: context.floats(bindings.output), weightSum: context.floats(weightSum),
              scratch: context.floats(scratch), team: context.team)
          } else {
            Losses.softmaxCrossEntropy(
              rows: rows, columns: columns, logits: context.floats(bindings.inputs[0]),
              targets: context.floats(bindings.inputs[1]), labelSmoothing: labelSmoothing,
              classWeights: weights, probabilities: context.floats(probabilities),
              loss: context.floats(bindings.output), scratch: context.floats(scratch),
              team: context.team)
          }
        }
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      let (probabilities, weightSum) = (bindings[probabilities], bindings[weightSum])
      return { context in
        let rows = logits.rowCount(batch: context.batch)
        classWeights.withUnsafeBufferPointer { weights in
          let weights = weights.isEmpty ? nil : weights.baseAddress
          if isSparse {
            Losses.softmaxCrossEntropyBackward(
              rows: rows, columns: columns, probabilities: context.floats(probabilities),
              labels: context.integers(bindings.inputs[1]), labelSmoothing: labelSmoothing,
              classWeights: weights, weightSum: context.floats(weightSum),
              lossGradient: context.floats(bindings.outputGradient),
              dx: context.floats(target.place), accumulate: target.accumulates,
              team: context.team)
          } else {
            Losses.softmaxCrossEntropyBackward(
              rows: rows, columns: columns, probabilities: context.floats(probabilities),
              targets: context.floats(bindings.inputs[1]), labelSmoothing: labelSmoothing,
              classWeights: weights, lossGradient: context.floats(bindings.outputGradient),
              dx: context.floats(target.place), accumulate: target.accumulates,
              team: context.team)
          }
        }
      }
    }
    instructions.inputsForBackward = [1]
    instructions.accumulatingInputs = [0]
    instructions.inputsWithoutGradient = [1]
    return instructions
  }
}
