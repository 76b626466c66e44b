import Kernels
import Tensors

extension PlanCompiler {
  /// Places the buffers, and makes the instructions.
  func bind() -> (
    steps: [Plan.Step], preparations: [Instruction], outputs: [Place], byteCount: Int
  ) {
    let (offsets, byteCount) = memory.offsets()
    func place(_ location: Location?) -> Place {
      switch location {
      case .fixed(let place): place
      case .buffer(let buffer): Place(.arena, offset: offsets[buffer])
      case nil: .none
      }
    }
    var sites: [OperationSite] = []
    var steps: [Plan.Step] = []
    var preparations: [Instruction] = []
    for (index, node) in nodes.enumerated() {
      var site = unboundSite(of: node, at: index)
      site.inputs = node.inputs.map { place(values[$0]) }
      site.output = place(values[node.id])
      site.kept = kept[index].map { place(.buffer($0)) }
      site.scratch = place(.buffer(forwardScratch[index]))
      site.inputMoments = inputMoments[index].map { place(.buffer($0)) }
      site.outputMoments = outputMoments[index].map { place(.buffer($0)) }
      site.prepared = place(prepared[index])
      site.preparationScratch = place(.buffer(preparationScratch[index]))
      sites.append(site)
      let isView = node.operation.isView(training: request.isTraining)
      let nothing: Instruction = { _ in }
      var instruction = isView ? nothing : node.operation.forward(site)
      switch prepared[index] {
      case .fixed: preparations.append(node.operation.prepare(site))
      case .buffer:
        let (prepare, forward) = (node.operation.prepare(site), instruction)
        instruction = {
          prepare($0)
          forward($0)
        }
      case nil: break
      }
      steps.append(
        Plan.Step(
          run: instruction, kind: node.operation.kind, label: node.label, phase: .forward))
    }
    for sweep in sweeps {
      let instruction: Instruction
      var origin: PlannedNode?
      switch sweep {
      case .seed(let location):
        let target = place(location)
        instruction = { $0.floats(target).pointee = 1 }
      case .operation(let index, let gradient, let targets, let scratch):
        origin = nodes[index]
        instruction = nodes[index].operation.backward(
          BackwardSite(
            forward: sites[index], outputGradient: place(gradient),
            inputGradients: targets.map { target in
              target.map {
                GradientTarget(place: place($0.location), accumulates: $0.accumulates)
              }
            },
            scratch: place(.buffer(scratch))))
      case .transfer(let from, let to, let type, let accumulates, let id):
        origin = nodes.first { $0.id == id }
        let (source, target) = (place(from), place(to))
        instruction = { context in
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
      }
      steps.append(
        Plan.Step(
          run: instruction, kind: origin?.operation.kind ?? "loss", label: origin?.label,
          phase: .backward))
    }
    return (steps, preparations, request.outputs.map { place(values[$0]) }, byteCount)
  }
}
