import Kernels
import Tensors

extension Plan {
  /// Compiles a graph: fuses operations, sweeps backward from the loss, plans the memory and binds
  /// every operation to its places.
  package convenience init(graph: Graph, request: Request) {
    var compiler = PlanCompiler(graph: graph, request: request)
    compiler.sweepForward()
    compiler.sweepBackward()
    let plan = compiler.bind()
    self.init(
      steps: plan.steps, forwardStepCount: compiler.nodes.count,
      preparations: plan.preparations, preparedByteCount: compiler.preparedByteCount,
      outputs: plan.outputs,
      outputTypes: request.outputs.map { graph.nodes[$0].type },
      arenaByteCount: plan.byteCount, inputCount: graph.inputs.count,
      usesInput: compiler.usesInput, maximumBatch: request.maximumBatch,
      blasThreadCount: graph.usesBLAS(named: request.convolution) ? request.threadCount : 0)
  }
}

/// The work of making a plan: first the steps and the lives of their buffers, then the places, then
/// the instructions.
struct PlanCompiler {
  /// A place that is known before the memory is planned, or a buffer that is placed by it.
  enum Location {
    case fixed(Place)
    case buffer(Int)
  }

  /// A backward step before the memory is planned.
  enum Sweep {
    /// Sets the gradient of the loss to one.
    case seed(Location)
    /// Runs an operation's backward pass.
    case operation(
      node: Int, gradient: Location, targets: [(location: Location, accumulates: Bool)?],
      scratch: Int)
    /// Copies or adds one gradient to another: `count(batch)` floats of the given type.
    case transfer(from: Location, to: Location, type: NodeType, accumulates: Bool, node: Int)
  }

  let graph: Graph
  let request: Plan.Request
  /// The fused forward steps.
  let nodes: [PlannedNode]
  private(set) var memory = MemoryPlan()
  /// The value of each node of the graph that the plan computes.
  private(set) var values: [Int: Location] = [:]
  private(set) var kept: [[Int]] = []
  private(set) var forwardScratch: [Int] = []
  /// By steps: the moments of their outputs that a later step reads, and those of their inputs.
  private(set) var outputMoments: [Int: Int] = [:]
  private(set) var inputMoments: [Int: Int] = [:]
  private(set) var prepared: [Location?] = []
  private(set) var preparationScratch: [Int] = []
  private(set) var preparedByteCount = 0
  private var requirements: [Requirements] = []
  private(set) var sweeps: [Sweep] = []
  private var needsGradient: Set<Int> = []
  /// How many steps read each value.
  private var useCounts: [Int: Int] = [:]

  init(graph: Graph, request: Plan.Request) {
    self.graph = graph
    self.request = request
    var wanted = Set(request.outputs)
    if let loss = request.loss { wanted.insert(loss) }
    self.nodes = Fusion.plannedNodes(
      of: graph, wanted: wanted, isInference: request.loss == nil && !request.isTraining,
      rewrites: request.rewrites)
    for node in nodes {
      for input in Set(node.inputs) { useCounts[input, default: 0] += 1 }
      if let variable = node.operation as? VariableOperation {
        if request.loss != nil && request.trainedVariables.contains(variable.index) {
          needsGradient.insert(node.id)
        }
      } else if node.inputs.contains(where: needsGradient.contains) {
        needsGradient.insert(node.id)
      }
    }
  }

  /// Whether the plan reads each of the graph's inputs.
  var usesInput: [Bool] {
    let ids = Set(nodes.map(\.id))
    return graph.inputs.map { ids.contains($0.node) }
  }

  // MARK: Forward

  mutating func sweepForward() {
    for (step, node) in nodes.enumerated() {
      let site = unboundSite(of: node, at: step)
      let wants =
        node.operation.isView(training: request.isTraining)
        ? Requirements() : node.operation.requirements(for: site)
      requirements.append(wants)
      for input in node.inputs { use(values[input], step: step) }
      values[node.id] = location(of: node, at: step)
      if wants.readsMoments { addMoments(of: node.inputs[0], for: step) }
      let keeps = needsGradient.contains(node.id)
      kept.append(
        keeps ? wants.kept.map { memory.addBuffer(byteCount: $0, step: step) } : [])
      forwardScratch.append(memory.addBuffer(byteCount: wants.forwardScratch * 4, step: step))
      prepared.append(preparedLocation(of: node, count: wants.prepared, step: step))
      // Weights that are kept are prepared before the first step.
      var isKept = false
      if case .fixed? = prepared[step] { isKept = true }
      preparationScratch.append(
        memory.addBuffer(byteCount: wants.preparationScratch * 4, step: isKept ? -1 : step))
    }
    // What the caller reads must outlive everything.
    for output in request.outputs + (request.loss.map { [$0] } ?? []) {
      use(values[output], step: Int.max - 1)
    }
  }

  /// Has the moments of a step's input taken by the step that makes it, where that can.
  private mutating func addMoments(of input: Int, for step: Int) {
    guard request.rewrites.contains(.moments),
      let producer = nodes[..<step].lastIndex(where: { $0.id == input }),
      requirements[producer].outputMoments > 0
    else { return }
    let buffer =
      outputMoments[producer]
      ?? memory.addBuffer(byteCount: requirements[producer].outputMoments * 4, step: producer)
    memory.use(buffer, step: step)
    outputMoments[producer] = buffer
    inputMoments[step] = buffer
  }

  /// Where an operation's prepared weights lie; nil if it has none.
  ///
  /// Only those of variables can outlive a run.
  private mutating func preparedLocation(
    of node: PlannedNode, count: Int, step: Int
  ) -> Location? {
    guard count > 0 else { return nil }
    let isConstant = node.inputs.dropFirst().allSatisfy {
      graph.nodes[$0].operation is VariableOperation
    }
    guard request.keepsPreparedWeights && isConstant else {
      return .buffer(memory.addBuffer(byteCount: count * 4, step: step))
    }
    let place = Place(.prepared, offset: preparedByteCount)
    preparedByteCount += (count + 15) / 16 * 64
    return .fixed(place)
  }

  private mutating func location(of node: PlannedNode, at step: Int) -> Location {
    if let variable = node.operation as? VariableOperation {
      return .fixed(Place(.variables, offset: graph.layout.offsets[variable.index] * 4))
    }
    if let input = graph.inputs.firstIndex(where: { $0.node == node.id }) {
      return .fixed(Place(.input, offset: input))
    }
    if node.operation.isView(training: request.isTraining), let source = values[node.inputs[0]] {
      return source
    }
    return .buffer(
      memory.addBuffer(byteCount: node.type.byteCount(batch: request.maximumBatch), step: step))
  }

  // MARK: Backward

  mutating func sweepBackward() {
    guard let loss = request.loss, needsGradient.contains(loss) else { return }
    var gradients: [Int: Location] = [:]
    gradients[loss] = addSweep { compiler, step in
      let location = compiler.newGradient(of: loss, step: step)
      return (.seed(location), location)
    }
    for index in nodes.indices.reversed() {
      let node = nodes[index]
      guard let gradient = gradients[node.id], !(node.operation is VariableOperation) else {
        continue
      }
      if node.operation.isView(training: request.isTraining) {
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
    let isVariable = graph.nodes[input].operation is VariableOperation
    if !isVariable && nodes.filter({ $0.inputs.contains(input) }).count == 1 {
      gradients[input] = gradient
      return
    }
    addSweep { compiler, step in
      let known = gradients[input]
      let target = known ?? compiler.newGradient(of: input, step: step)
      gradients[input] = target
      compiler.use(gradient, step: step)
      compiler.use(target, step: step)
      let sweep = Sweep.transfer(
        from: gradient, to: target, type: node.type, accumulates: known != nil, node: node.id)
      return (sweep, ())
    }
  }

  private mutating func differentiate(
    _ index: Int, gradient: Location, _ gradients: inout [Int: Location]
  ) {
    let node = nodes[index]
    let wants = requirements[index]
    // Contributions that the operation cannot add itself are added by a step of their own.
    var pending: [(from: Location, input: Int)] = []
    addSweep { compiler, step in
      for slot in wants.inputsForBackward {
        compiler.use(compiler.values[node.inputs[slot]], step: step)
      }
      if wants.outputForBackward { compiler.use(compiler.values[node.id], step: step) }
      for buffer in compiler.kept[index] { compiler.memory.use(buffer, step: step) }
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
      let scratch = compiler.memory.addBuffer(byteCount: wants.backwardScratch * 4, step: step)
      return (.operation(node: index, gradient: gradient, targets: targets, scratch: scratch), ())
    }
    for (from, input) in pending {
      let type = graph.nodes[input].type
      addSweep { compiler, step in
        let target = gradients[input] ?? compiler.newGradient(of: input, step: step)
        compiler.use(from, step: step)
        compiler.use(target, step: step)
        let sweep = Sweep.transfer(
          from: from, to: target, type: type, accumulates: true, node: node.id)
        return (sweep, ())
      }
    }
  }

  /// The place of another value that the first gradient of an input can take over, so that less memory
  /// is passed over; nil if there is none.
  ///
  /// - Parameter gradient: That of the operation's output, which nothing reads later.
  private func sharedGradient(of slot: Int, at index: Int, gradient: Location) -> Location? {
    let (node, wants) = (nodes[index], requirements[index])
    let input = node.inputs[slot]
    guard case .buffer? = values[input], node.inputs.filter({ $0 == input }).count == 1 else {
      return nil
    }
    if wants.inputsTakingGradient.contains(slot) { return gradient }
    guard wants.inputsReplacedByGradient.contains(slot), !request.outputs.contains(input),
      useCounts[input] == 1, let producer = nodes[..<index].lastIndex(where: { $0.id == input }),
      !requirements[producer].outputForBackward,
      !nodes[producer].operation.isView(training: request.isTraining)
    else { return nil }
    return values[input]
  }

  private mutating func newGradient(of input: Int, step: Int) -> Location {
    if let variable = graph.nodes[input].operation as? VariableOperation {
      return .fixed(Place(.gradients, offset: graph.layout.offsets[variable.index] * 4))
    }
    let size = graph.nodes[input].type.byteCount(batch: request.maximumBatch)
    return .buffer(memory.addBuffer(byteCount: size, step: step))
  }

  @discardableResult
  private mutating func addSweep<Result>(
    _ make: (inout PlanCompiler, _ step: Int) -> (Sweep, Result)
  ) -> Result {
    let (sweep, result) = make(&self, nodes.count + sweeps.count)
    sweeps.append(sweep)
    return result
  }

  private mutating func use(_ location: Location?, step: Int) {
    if case .buffer(let buffer)? = location { memory.use(buffer, step: step) }
  }

  /// What a site has before its places are known.
  func unboundSite(of node: PlannedNode, at index: Int) -> OperationSite {
    OperationSite(
      inputs: [], inputTypes: node.inputTypes, output: .none, outputType: node.type, kept: [],
      scratch: .none, prepared: .none, preparationScratch: .none,
      maximumBatch: request.maximumBatch, threadCount: request.threadCount,
      isTraining: request.isTraining, convolution: request.convolution,
      operationIndex: node.id)
  }
}
