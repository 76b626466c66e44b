import Kernels
import Tensors

/// Several arrays after one another along the last dimension.
package struct ConcatenateOperation: Operation, PlannedKernel {
  package static let kind = "concatenate"
  package static let inputCounts = 1...Int.max

  init() {}

  package var attributes: Attributes { [:] }

  package init(attributes: AttributeReader) throws {}

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    let heads = Set(inputs.map { Array($0.dimensions.dropLast()) })
    let lasts = inputs.compactMap { $0.dimensions.last?.fixedValue }
    guard heads.count == 1, lasts.count == inputs.count,
      inputs.allSatisfy({ $0.elementType == .float32 })
    else {
      throw ShapeRuleViolation(
        "expects shapes that are equal but for the last extent; it was given "
          + "\(inputs.map(\.description).joined(separator: ", ")).")
    }
    return NodeType(inputs[0].dimensions.dropLast() + [.fixed(lasts.reduce(0, +))])
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let columns = site.inputTypes.map { $0.dimensions.last?.fixedValue ?? 0 }
    let total = columns.reduce(0, +)
    var instructions = KernelInstructions { bindings in
      { context in
        let rows = site.outputType.rowCount(batch: context.batch)
        let y = context.floats(bindings.output)
        var offset = 0
        for index in columns.indices {
          Copying.copyRows(
            rows: rows, width: columns[index], source: context.floats(bindings.inputs[index]),
            sourceStride: columns[index], target: y + offset, targetStride: total,
            accumulate: false, team: context.team)
          offset += columns[index]
        }
      }
    } backward: { bindings in
      { context in
        let rows = site.outputType.rowCount(batch: context.batch)
        let dy = context.floats(bindings.outputGradient)
        var offset = 0
        for index in columns.indices {
          if let target = bindings.inputGradients[index] {
            Copying.copyRows(
              rows: rows, width: columns[index], source: dy + offset, sourceStride: total,
              target: context.floats(target.place), targetStride: columns[index],
              accumulate: target.accumulates, team: context.team)
          }
          offset += columns[index]
        }
      }
    }
    instructions.accumulatingInputs = Set(columns.indices)
    return instructions
  }
}

/// Zeros before and after the last dimension: `[…, n]` to `[…, before + n + after]`.
package struct PadChannelsOperation: Operation, PlannedKernel {
  package static let kind = "pad_channels"
  let before: Int
  let after: Int

  init(before: Int, after: Int) {
    self.before = before
    self.after = after
  }

  package var attributes: Attributes { ["before": .int(before), "after": .int(after)] }

  package init(attributes: AttributeReader) throws {
    before = try attributes.int("before", in: 0...(1 << 24))
    after = try attributes.int("after", in: 0...(1 << 24))
  }

  package func outputType(of inputs: [NodeType]) throws -> NodeType {
    guard let columns = inputs[0].dimensions.last?.fixedValue, inputs[0].elementType == .float32,
      before >= 0, after >= 0
    else {
      throw ShapeRuleViolation(
        "expects a known last extent and counts of at least 0; it was given \(inputs[0]), "
          + "\(before) and \(after).")
    }
    return NodeType(inputs[0].dimensions.dropLast() + [.fixed(before + columns + after)])
  }

  package func instructions(
    for site: KernelSite, _ buffers: inout KernelBuffers
  ) -> KernelInstructions {
    let columns = site.inputTypes[0].dimensions.last?.fixedValue ?? 0
    let (before, total) = (before, before + columns + after)
    var instructions = KernelInstructions { bindings in
      { context in
        let rows = site.outputType.rowCount(batch: context.batch)
        let y = context.floats(bindings.output)
        Elementwise.fill(count: rows * total, with: 0, y, team: context.team)
        Copying.copyRows(
          rows: rows, width: columns, source: context.floats(bindings.inputs[0]),
          sourceStride: columns, target: y + before, targetStride: total, accumulate: false,
          team: context.team)
      }
    } backward: { bindings in
      guard let target = bindings.inputGradients[0] else { return { _ in } }
      return { context in
        Copying.copyRows(
          rows: site.outputType.rowCount(batch: context.batch), width: columns,
          source: context.floats(bindings.outputGradient) + before, sourceStride: total,
          target: context.floats(target.place), targetStride: columns,
          accumulate: target.accumulates, team: context.team)
      }
    }
    instructions.accumulatingInputs = [0]
    return instructions
  }
}
