import Kernels
import Tensors

extension Plan {
  /// Compiles a graph: joins operations, sweeps backward from the loss, plans the memory and binds
  /// every kernel to its places.
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
  enum BackwardStep {
    /// Sets the gradient of the loss to one.
    case seed(Location)
    /// Runs a kernel's backward pass, after what it needs was packed.
    case kernel(
      node: Int, gradient: Location, targets: [(location: Location, accumulates: Bool)?],
      packings: [PackingStep])
    /// Copies or adds one gradient to another: `count(batch)` floats of the given type.
    case transfer(from: Location, to: Location, type: NodeType, accumulates: Bool, node: Int)
  }

  let graph: Graph
  let request: Plan.Request
  /// The forward steps.
  let nodes: [PlannedNode]
  var memory = MemoryPlan()
  /// The value of each node of the graph that the plan computes.
  private(set) var values: [Int: Location] = [:]
  /// By forward steps: their instructions, and where what they asked for is.
  private(set) var instructions: [KernelInstructions] = []
  var buffers: [KernelBuffers] = []
  var bufferLocations: [[Location?]] = []
  /// By forward steps: what is packed before they run.
  private(set) var forwardPackings: [[PackingStep]] = []
  /// What is packed once for all runs.
  var keptPackings: [PackingStep] = []
  var packed: [PackedKey: [Location]] = [:]
  var preparedByteCount = 0
  /// By steps: the moments of their outputs that a later step reads, and those of their inputs.
  private(set) var outputMoments: [Int: Int] = [:]
  private(set) var inputMoments: [Int: Int] = [:]
  var backwardSteps: [BackwardStep] = []
  private(set) var needsGradient: Set<Int> = []
  /// How many steps read each value.
  private(set) var useCounts: [Int: Int] = [:]
  /// The step that gives the value of a node.
  private(set) var stepOfNode: [Int: Int] = [:]

  init(graph: Graph, request: Plan.Request) {
    self.graph = graph
    self.request = request
    var wanted = Set(request.outputs)
    if let loss = request.loss { wanted.insert(loss) }
    self.nodes = Rewriter.plannedNodes(
      of: graph, wanted: wanted, isInference: request.loss == nil && !request.isTraining,
      rewrites: request.rewrites)
    for (step, node) in nodes.enumerated() {
      stepOfNode[node.id] = step
      for input in Set(node.inputs) { useCounts[input, default: 0] += 1 }
      if let variable = graph.nodes[node.id].variableIndex {
        if request.loss != nil && request.trainedVariables.contains(variable) {
          needsGradient.insert(node.id)
        }
      } else if node.inputs.contains(where: needsGradient.contains) {
        needsGradient.insert(node.id)
      }
    }
  }

  /// Whether the plan reads each of the graph's inputs.
  var usesInput: [Bool] { graph.inputs.map { stepOfNode[$0.node] != nil } }

  // MARK: Forward

  mutating func sweepForward() {
    for (step, node) in nodes.enumerated() {
      var asked = KernelBuffers()
      instructions.append(
        isView(node) ? .none : node.kernel.instructions(for: site(of: node), &asked))
      for input in node.inputs { use(values[input], step: step) }
      values[node.id] = location(of: node, at: step)
      if instructions[step].readsMoments { addMoments(of: node.inputs[0], for: step) }
      buffers.append(asked)
      bufferLocations.append(
        asked.requests.map { request in
          switch request.life {
          case .saved, .scratch(.forward):
            .buffer(memory.addBuffer(byteCount: request.byteCount, step: step))
          // Placed where it is used.
          case .scratch(.backward), .packed: nil
          }
        })
      forwardPackings.append(addPackings(of: step, for: .forward, at: step))
    }
    // What the caller reads must outlive everything.
    for output in request.outputs + (request.loss.map { [$0] } ?? []) {
      use(values[output], step: Int.max - 1)
    }
  }

  func isView(_ node: PlannedNode) -> Bool { node.kernel.isView(training: request.isTraining) }

  private func site(of node: PlannedNode) -> KernelSite {
    KernelSite(
      inputTypes: node.inputTypes, outputType: node.type,
      wantsGradient: node.inputs.map(needsGradient.contains), maximumBatch: request.maximumBatch,
      threadCount: request.threadCount, isTraining: request.isTraining,
      convolution: request.convolution, operationIndex: node.id)
  }

  /// Has the moments of a step's input taken by the step that makes it, where that can.
  private mutating func addMoments(of input: Int, for step: Int) {
    guard request.rewrites.contains(.moments), let producer = stepOfNode[input],
      instructions[producer].outputMoments > 0
    else { return }
    let buffer =
      outputMoments[producer]
      ?? memory.addBuffer(byteCount: instructions[producer].outputMoments * 4, step: producer)
    memory.use(buffer, step: step)
    outputMoments[producer] = buffer
    inputMoments[step] = buffer
  }

  private mutating func location(of node: PlannedNode, at step: Int) -> Location {
    if let variable = graph.nodes[node.id].variableIndex {
      return .fixed(Place(.variables, offset: graph.layout.offsets[variable] * 4))
    }
    if let input = graph.inputIndex(ofNode: node.id) {
      return .fixed(Place(.input, offset: input))
    }
    if isView(node), let source = values[node.inputs[0]] { return source }
    return .buffer(
      memory.addBuffer(byteCount: node.type.byteCount(batch: request.maximumBatch), step: step))
  }

  mutating func use(_ location: Location?, step: Int) {
    if case .buffer(let buffer)? = location { memory.use(buffer, step: step) }
  }
}
