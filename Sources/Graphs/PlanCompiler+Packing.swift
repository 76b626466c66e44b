extension PlanCompiler {
  /// What tells packed weights apart: their form, and the values that they are made of.
  struct PackedKey: Hashable {
    var form: PackedForm
    var inputs: [Int]
  }

  /// The filling of packed buffers.
  struct PackingStep {
    /// The forward step that asked for them first.
    var node: Int
    var packing: KernelBuffers.Packing
    var targets: [Location]
    var scratch: Location
  }

  /// Finds places for what a step wants packed for one of its passes, and gives what nobody has packed
  /// before.
  ///
  /// - Parameters:
  ///   - index: The forward step.
  ///   - step: The step of the pass.
  mutating func addPackings(
    of index: Int, for pass: KernelBuffers.Pass, at step: Int
  ) -> [PackingStep] {
    var steps: [PackingStep] = []
    for packing in buffers[index].packings where packing.pass == pass {
      let inputs = packing.slots.map { nodes[index].inputs[$0] }
      let key = PackedKey(form: packing.form, inputs: inputs)
      let known = packed[key]
      let isKept =
        pass == .forward && request.keepsPreparedWeights
        && inputs.allSatisfy { graph.nodes[$0].isVariable }
      let targets =
        known ?? packing.handles.map { newPackedBuffer($0, of: index, isKept: isKept, step: step) }
      packed[key] = targets
      for (handle, target) in zip(packing.handles, targets) {
        bufferLocations[index][handle.index] = target
        use(target, step: step)
      }
      guard known == nil else { continue }
      for input in inputs { use(values[input], step: step) }
      // What is kept is packed before the first step.
      let scratch = memory.addBuffer(
        byteCount: packing.scratchByteCount, step: isKept ? -1 : step)
      let made = PackingStep(
        node: index, packing: packing, targets: targets, scratch: .buffer(scratch))
      if isKept { keptPackings.append(made) } else { steps.append(made) }
    }
    return steps
  }

  private mutating func newPackedBuffer(
    _ handle: BufferHandle, of index: Int, isKept: Bool, step: Int
  ) -> Location {
    let byteCount = buffers[index].requests[handle.index].byteCount
    guard isKept else { return .buffer(memory.addBuffer(byteCount: byteCount, step: step)) }
    let place = Place(.prepared, offset: preparedByteCount)
    preparedByteCount += MemoryPlan.rounded(byteCount)
    return .fixed(place)
  }
}
