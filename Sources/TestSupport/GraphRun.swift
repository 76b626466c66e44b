package import Graphs
internal import Tensors
internal import Threads

/// A graph with a plan, variables, feeds and gradients of its own, to be run by tests.
///
/// Before every run the memory of the plan and the gradients are filled with NaN, so that whoever
/// reads what was not written in this run is found out.
package final class GraphRun {
  package let graph: Graph
  package let plan: Plan
  private let context: ExecutionContext
  private let variables: AlignedBuffer<Float>
  private let gradients: AlignedBuffer<Float>
  private let trained: Set<Int>
  private var floatFeeds: [String: AlignedBuffer<Float>] = [:]
  private var integerFeeds: [String: AlignedBuffer<Int32>] = [:]
  private let hasLoss: Bool

  /// Compiles the graph of some nodes and draws the first values of its variables.
  ///
  /// - Parameters:
  ///   - outputs: Nodes whose values are read; no fusion goes over them.
  ///   - loss: The scalar whose gradients are wanted.
  ///   - trained: The names of the variables whose gradients are wanted; nil for all trainable ones.
  ///   - maximumBatch: The most examples of a run.
  ///   - isTraining: Whether operations that behave differently in training do so.
  ///   - seed: Decides the values of the variables and of the inputs.
  ///   - rewrites: Which operations may be computed as one.
  /// - Throws: `ShapeError` if the graph has mistakes.
  package init(
    _ outputs: [Node], loss: Node? = nil, trained: Set<String>? = nil, maximumBatch: Int = 1,
    isTraining: Bool = false, threadCount: Int = 1, seed: UInt64 = 1,
    rewrites: Set<Rewrite> = Set(Rewrite.allCases)
  ) throws {
    let wanted = outputs + (loss.map { [$0] } ?? [])
    precondition(!wanted.isEmpty, "A run needs an output or a loss.")
    let graph = try wanted[0].builder.finish(
      outputs: wanted.enumerated().map { (name: "\($0.offset)", node: $0.element) })
    self.graph = graph
    self.hasLoss = loss != nil
    self.trained = Set(
      graph.variables.indices.filter { index in
        loss != nil && graph.variables[index].isTrainable
          && (trained?.contains(graph.variables[index].name) ?? true)
      })
    let team = WorkerTeam(threadCount: threadCount)
    plan = Plan(
      graph: graph,
      request: Plan.Request(
        outputs: wanted.map(\.index), loss: loss?.index, trainedVariables: self.trained,
        maximumBatch: maximumBatch, threadCount: threadCount, isTraining: isTraining,
        rewrites: rewrites))
    context = try plan.makeContext(team: team)
    variables = AlignedBuffer(count: graph.layout.count)
    gradients = AlignedBuffer(count: graph.layout.trainableCount)
    context.variables = UnsafeMutableRawPointer(variables.pointer)
    context.gradients = UnsafeMutableRawPointer(gradients.pointer)
    context.randomKey = RandomStream(seed: seed, purpose: .dropout).key
    for (index, variable) in graph.variables.enumerated() {
      variable.initializer.fill(
        elements(of: index, in: variables), fan: variable.fan,
        stream: RandomStream(seed: seed, purpose: .initialization, index: UInt64(index)))
    }
  }

  /// The number of the training step, which decides what dropout draws.
  package var step: UInt64 {
    get { context.step }
    set { context.step = newValue }
  }

  /// Sets what an input of numbers reads in the next runs.
  package func feed(_ name: String, _ values: [Float]) {
    let buffer = AlignedBuffer<Float>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    floatFeeds[name] = buffer
    context.feed(buffer.pointer, toInput: inputIndex(name))
  }

  /// Sets what an input of integers reads in the next runs.
  package func feed(_ name: String, integers values: [Int32]) {
    let buffer = AlignedBuffer<Int32>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    integerFeeds[name] = buffer
    context.feed(buffer.pointer, toInput: inputIndex(name))
  }

  /// Feeds what was not fed: numbers in [−1, 1), and integers from 0 to 2.
  package func feedTheRest(batch: Int, seed: UInt64 = 7) {
    for (index, input) in graph.inputs.enumerated() {
      let count = input.type.count(batch: batch)
      let seed = seed &+ UInt64(index) &* 1000
      switch input.type.elementType {
      case .float32 where floatFeeds[input.name] == nil:
        feed(input.name, TestArrays.uniform(count, seed: seed))
      case .int32 where integerFeeds[input.name] == nil:
        feed(input.name, integers: (0..<count).map { Int32(($0 * 7 + Int(seed % 5)) % 3) })
      default: break
      }
    }
  }

  /// Runs the plan.
  package func run(batch: Int = 1) {
    context.bytes(Place(.arena, offset: 0)).initializeMemory(
      as: UInt8.self, repeating: 0xFF, count: plan.arenaByteCount)
    for index in trained {
      elements(of: index, in: gradients).update(repeating: unwritten)
    }
    context.batch = batch
    plan.run(context)
  }

  /// The elements of an output after a run.
  package func output(_ index: Int = 0) -> [Float] {
    let count = plan.outputTypes[index].count(batch: context.batch)
    return Array(UnsafeBufferPointer(start: context.floats(plan.outputs[index]), count: count))
  }

  /// The loss after a run.
  package var loss: Float {
    precondition(hasLoss)
    return output(plan.outputs.count - 1)[0]
  }

  /// The gradient of a variable after a run; empty if none reached it.
  package func gradient(of name: String) -> [Float] {
    let index = variableIndex(name)
    guard trained.contains(index) else { return [] }
    let values = Array(elements(of: index, in: gradients))
    return values.allSatisfy { $0.bitPattern == unwritten.bitPattern } ? [] : values
  }

  /// The values of a variable.
  package func value(of name: String) -> [Float] {
    Array(elements(of: variableIndex(name), in: variables))
  }

  /// Sets the values of a variable.
  package func setValue(_ values: [Float], of name: String) {
    let target = elements(of: variableIndex(name), in: variables)
    precondition(values.count == target.count)
    _ = target.update(fromContentsOf: values)
  }

  /// The names of the variables whose gradients are wanted, in the order of the graph.
  package var trainedNames: [String] { trained.sorted().map { graph.variables[$0].name } }

  /// The kinds of the steps, forward and then backward, without views.
  package func stepKinds(_ phase: Plan.Step.Phase) -> [String] {
    plan.steps.filter { $0.phase == phase }.map(\.kind)
  }

  private func elements(
    of index: Int, in buffer: AlignedBuffer<Float>
  ) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: buffer.pointer + graph.layout.offsets[index],
      count: graph.variables[index].shape.count)
  }

  private func inputIndex(_ name: String) -> Int {
    guard let index = graph.inputs.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("The graph has no input '\(name)'.")
    }
    return index
  }

  private func variableIndex(_ name: String) -> Int {
    guard let index = graph.variables.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("The graph has no variable '\(name)'.")
    }
    return index
  }
}

/// A NaN that no arithmetic gives.
private let unwritten = Float(bitPattern: 0x7FED_CBA9)
