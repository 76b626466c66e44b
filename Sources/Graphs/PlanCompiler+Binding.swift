import Kernels
import Tensors

extension PlanCompiler {
  /// Places the buffers, and makes the instructions.
  func bind() -> (
    steps: [Plan.Step], preparations: [Instruction], outputs: [Place], byteCount: Int
  ) {
    let (offsets, byteCount) = memory.offsets()
    let binder = Binder(compiler: self, offsets: offsets)
    let bindings = nodes.indices.map(binder.bindings)
    var steps: [Plan.Step] = []
    for (index, node) in nodes.enumerated() {
      let packings = forwardPackings[index].map { binder.instruction($0, bindings[$0.node]) }
      steps.append(
        Plan.Step(
          run: sequence(packings, instructions[index].forward(bindings[index])),
          kind: node.kernel.kind, label: node.label, phase: .forward))
    }
    for step in backwardSteps {
      let (run, origin) = binder.instruction(step, bindings)
      steps.append(
        Plan.Step(
          run: run, kind: origin?.kernel.kind ?? "loss", label: origin?.label, phase: .backward))
    }
    let preparations = keptPackings.map { binder.instruction($0, bindings[$0.node]) }
    return (steps, preparations, request.outputs.map { binder.place(values[$0]) }, byteCount)
  }

  /// One instruction that runs some and then another.
  fileprivate func sequence(_ first: [Instruction], _ last: @escaping Instruction) -> Instruction {
    guard !first.isEmpty else { return last }
    return { context in
      for index in first.indices { first[index](context) }
      last(context)
    }
  }

  /// Knows the places.
  private struct Binder {
    let compiler: PlanCompiler
    let offsets: [Int]

    func place(_ location: Location?) -> Place {
      switch location {
      case .fixed(let place): place
      case .buffer(let buffer): Place(.arena, offset: offsets[buffer])
      case nil: .none
      }
    }

    func bindings(_ index: Int) -> KernelBindings {
      let node = compiler.nodes[index]
      return KernelBindings(
        inputs: node.inputs.map { place(compiler.values[$0]) },
        output: place(compiler.values[node.id]),
        inputMoments: compiler.inputMoments[index].map { place(.buffer($0)) },
        outputMoments: compiler.outputMoments[index].map { place(.buffer($0)) },
        buffers: compiler.bufferLocations[index].map { place($0) })
    }

    func instruction(_ step: PackingStep, _ bindings: KernelBindings) -> Instruction {
      step.packing.pack(bindings, step.targets.map { place($0) }, place(step.scratch))
    }

    func instruction(
      _ step: BackwardStep, _ bindings: [KernelBindings]
    ) -> (run: Instruction, origin: PlannedNode?) {
      switch step {
      case .seed(let location):
        let target = place(location)
        return ({ $0.floats(target).pointee = 1 }, nil)
      case .kernel(let index, let gradient, let targets, let packings):
        let backward = compiler.instructions[index].backward(
          BackwardBindings(
            forward: bindings[index], outputGradient: place(gradient),
            inputGradients: targets.map { target in
              target.map {
                GradientTarget(place: place($0.location), accumulates: $0.accumulates)
              }
            }))
        let packed = packings.map { instruction($0, bindings[$0.node]) }
        return (compiler.sequence(packed, backward), compiler.nodes[index])
      case .transfer(let from, let to, let type, let accumulates, let id):
        let (source, target) = (place(from), place(to))
        let run: Instruction = { context in
          let count = type.count(batch: context.batch)
          if accumulates {
            Elementwise.add(
              count: count, x: context.floats(source), into: context.floats(target),
              team: context.team)
          } else {
            Elementwise.copy(
              count: count, x: context.floats(source), y: context.floats(target),
              team: context.team)
          }
        }
        return (run, compiler.stepOfNode[id].map { compiler.nodes[$0] })
      }
    }
  }
}
