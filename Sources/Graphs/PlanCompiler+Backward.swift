import Tensors

extension PlanCompiler {
  mutating func sweepBackward() {
    guard let loss = request.loss, needsGradient.contains(loss) else { return }
    var gradients: [Int: Location] = [:]
    gradients[loss] = addStep { compiler, step in
      let location = compiler.newGradient(of: loss, step: step)
      return (.seed(location), location)
    }
    for index in nodes.indices.reversed() {
      let node = nodes[index]
      guard let gradient = gradients[node.id], !(graph.nodes[node.id].isVariable) else {
        continue
      }
      if isView(node) {
        passThrough(node, gradient: gradient, &gradients)
      } else {
        differentiate(index, gradient: gradient, &gradients)
      }
    }
  }

  /// The backward pass of a view: the gradient of its input is that of its output.
  private mutating func passThrough(
    _ node: PlannedNode, gradient: Location, _ gradients: inout [Int: Location]
  ) {
    let input = node.inputs[0]
    guard needsGradient.contains(input) else { return }
    let isVariable = graph.nodes[input].isVariable
    if !isVariable && useCounts[input] == 1 {
      gradients[input] = gradient
      return
    }
    addStep { compiler, step in
      let known = gradients[input]
      let target = known ?? compiler.newGradient(of: input, step: step)
      gradients[input] = target
      compiler.use(gradient, step: step)
      compiler.use(target, step: step)
      let move = BackwardStep.transfer(
        from: gradient, to: target, type: node.type, accumulates: known != nil, node: node.id)
      return (move, ())
    }
  }

  private mutating func differentiate(
    _ index: Int, gradient: Location, _ gradients: inout [Int: Location]
  ) {
    let node = nodes[index]
    let wants = instructions[index]
    // Contributions that the operation cannot add itself are added by a step of their own.
    var pending: [(from: Location, input: Int)] = []
    addStep { compiler, step in
      for slot in wants.inputsForBackward {
        compiler.use(compiler.values[node.inputs[slot]], step: step)
      }
      if wants.outputForBackward { compiler.use(compiler.values[node.id], step: step) }
      compiler.useBuffers(of: index, step: step)
      let packings = compiler.addPackings(of: index, for: .backward, at: step)
      compiler.use(gradient, step: step)
      var targets: [(location: Location, accumulates: Bool)?] = []
      for (slot, input) in node.inputs.enumerated() {
        guard compiler.needsGradient.contains(input),
          !wants.inputsWithoutGradient.contains(slot)
        else {
          targets.append(nil)
          continue
        }
        if let known = gradients[input] {
          if wants.accumulatingInputs.contains(slot) {
            compiler.use(known, step: step)
            targets.append((known, true))
          } else {
            let size = compiler.graph.nodes[input].type.byteCount(
              batch: compiler.request.maximumBatch)
            let own = Location.buffer(compiler.memory.addBuffer(byteCount: size, step: step))
            pending.append((own, input))
            targets.append((own, false))
          }
        } else {
          let target =
            compiler.sharedGradient(of: slot, at: index, gradient: gradient)
            ?? compiler.newGradient(of: input, step: step)
          compiler.use(target, step: step)
          gradients[input] = target
          targets.append((target, false))
        }
      }
      return (
        .kernel(node: index, gradient: gradient, targets: targets, packings: packings), ()
      )
    }
    for (from, input) in pending {
      let type = graph.nodes[input].type
      addStep { compiler, step in
        let target = gradients[input] ?? compiler.newGradient(of: input, step: step)
        compiler.use(from, step: step)
        compiler.use(target, step: step)
        let move = BackwardStep.transfer(
          from: from, to: target, type: type, accumulates: true, node: node.id)
        return (move, ())
      }
    }
  }

  /// The place of another value that the first gradient of an input can take over, so that less memory
  /// is passed over; nil if there is none.
  ///
  /// - Parameter gradient: That of the operation's output, which nothing reads later.
  private func sharedGradient(of slot: Int, at index: Int, gradient: Location) -> Location? {
    let (node, wants) = (nodes[index], instructions[index])
    let input = node.inputs[slot]
    guard
      wants.inputsTakingGradient.contains(slot) || wants.inputsReplacedByGradient.contains(slot),
      case .buffer? = values[input], node.inputs.filter({ $0 == input }).count == 1
    else { return nil }
    if wants.inputsTakingGradient.contains(slot) { return gradient }
    guard wants.inputsReplacedByGradient.contains(slot), !request.outputs.contains(input),
      useCounts[input] == 1, let producer = stepOfNode[input],
      !instructions[producer].outputForBackward, !isView(nodes[producer])
    else { return nil }
    return values[input]
  }

  private mutating func newGradient(of input: Int, step: Int) -> Location {
    if let variable = graph.nodes[input].variableIndex {
      return .fixed(Place(.gradients, offset: graph.layout.offsets[variable] * 4))
    }
    let size = graph.nodes[input].type.byteCount(batch: request.maximumBatch)
    return .buffer(memory.addBuffer(byteCount: size, step: step))
  }

  /// Keeps what the forward pass saved until the backward pass, and places what that needs besides.
  private mutating func useBuffers(of index: Int, step: Int) {
    for (handle, request) in buffers[index].requests.enumerated() {
      switch request.life {
      case .saved: use(bufferLocations[index][handle], step: step)
      case .scratch(.backward):
        bufferLocations[index][handle] = .buffer(
          memory.addBuffer(byteCount: request.byteCount, step: step))
      case .scratch(.forward), .packed: break
      }
    }
  }

  @discardableResult
  private mutating func addStep<Result>(
    _ make: (inout PlanCompiler, _ step: Int) -> (BackwardStep, Result)
  ) -> Result {
    let (step, result) = make(&self, nodes.count + backwardSteps.count)
    backwardSteps.append(step)
    return result
  }
}
