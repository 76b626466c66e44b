import Kernels
import Tensors

/// The cross-entropy of softmax(logits) and the targets, a mean over the rows: class labels
/// (`Int32`, one a row) or probabilities as wide as the logits.
///
/// The gradient reaches the logits only.
package struct CrossEntropyOperation: Operation {
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

  package func requirements(for site: OperationSite) -> Requirements {
    let logits = site.inputTypes[0]
    let count = logits.count(batch: site.maximumBatch)
    var requirements = Requirements()
    requirements.inputsForBackward = [1]
    requirements.accumulatingInputs = [0]
    requirements.inputsWithoutGradient = [1]
    // Probabilities, and the sum of the rows' weights.
    requirements.kept = [count * 4, 4]
    requirements.forwardScratch =
      Losses.crossEntropyScratchCount(
        rows: logits.rowCount(batch: site.maximumBatch), columns: columns(site)) + count + 32
    return requirements
  }

  package func forward(_ site: OperationSite) -> Instruction {
    let (labelSmoothing, classWeights, columns) = (labelSmoothing, classWeights, columns(site))
    let isSparse = site.inputTypes[1].elementType == .int32
    let weightSum = site.kept.last ?? site.scratch
    let scratch = site.scratch.advanced(byFloats: 16)
    let scratchCount = Losses.crossEntropyScratchCount(
      rows: site.inputTypes[0].rowCount(batch: site.maximumBatch), columns: columns)
    let probabilities =
      site.kept.first ?? scratch.advanced(byFloats: (scratchCount + 15) / 16 * 16)
    return { context in
      let rows = site.inputTypes[0].rowCount(batch: context.batch)
      classWeights.withUnsafeBufferPointer { weights in
        let weights = weights.isEmpty ? nil : weights.baseAddress
        if isSparse {
          Losses.softmaxCrossEntropy(
            rows: rows, columns: columns, logits: context.floats(site.inputs[0]),
            labels: context.integers(site.inputs[1]), labelSmoothing: labelSmoothing,
            classWeights: weights, probabilities: context.floats(probabilities),
            loss: context.floats(site.output), weightSum: context.floats(weightSum),
            scratch: context.floats(scratch), team: context.team)
        } else {
          Losses.softmaxCrossEntropy(
            rows: rows, columns: columns, logits: context.floats(site.inputs[0]),
            targets: context.floats(site.inputs[1]), labelSmoothing: labelSmoothing,
            classWeights: weights, probabilities: context.floats(probabilities),
            loss: context.floats(site.output), scratch: context.floats(scratch),
            team: context.team)
        }
      }
    }
  }

  package func backward(_ site: BackwardSite) -> Instruction {
    let (labelSmoothing, classWeights) = (labelSmoothing, classWeights)
    let columns = columns(site.forward)
    let isSparse = site.forward.inputTypes[1].elementType == .int32
    guard let target = site.inputGradients[0] else { return { _ in } }
    return { context in
      let rows = site.forward.inputTypes[0].rowCount(batch: context.batch)
      let probabilities = context.floats(site.forward.kept[0])
      classWeights.withUnsafeBufferPointer { weights in
        let weights = weights.isEmpty ? nil : weights.baseAddress
        if isSparse {
          Losses.softmaxCrossEntropyBackward(
            rows: rows, columns: columns, probabilities: probabilities,
            labels: context.integers(site.forward.inputs[1]), labelSmoothing: labelSmoothing,
            classWeights: weights, weightSum: context.floats(site.forward.kept[1]),
            lossGradient: context.floats(site.outputGradient), dx: context.floats(target.place),
            accumulate: target.accumulates, team: context.team)
        } else {
          Losses.softmaxCrossEntropyBackward(
            rows: rows, columns: columns, probabilities: probabilities,
            targets: context.floats(site.forward.inputs[1]), labelSmoothing: labelSmoothing,
            classWeights: weights, lossGradient: context.floats(site.outputGradient),
            dx: context.floats(target.place), accumulate: target.accumulates, team: context.team)
        }
      }
    }
  }

  private func columns(_ site: OperationSite) -> Int {
    site.inputTypes[0].dimensions.last?.fixedValue ?? 1
  }
}
