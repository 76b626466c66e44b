import Graphs
import Tensors
import Threads

/// The compiled plans of a model and the memory of their runs: made when first needed, reused
/// afterwards.
///
/// Shared by the copies of a model, which have the same graph.
final class PlanCache: Sendable {
  private struct Entry {
    let plan: Plan
    var idle: [ExecutionContext] = []
  }

  /// Weights in the form that kernels work on, and the values they were made of.
  private struct PreparedWeights {
    let version: UInt64
    let buffer: AlignedBuffer<Float>
  }

  private let entries = Lock<[Int: Entry]>([:])
  private let prepared = Lock<PreparedWeights?>(nil)

  /// Calls `body` with a plan for at least `batch` examples, and memory that nobody else uses
  /// meanwhile and that is set to the given values of the variables.
  ///
  /// Plans are made for powers of two, so there are few.
  ///
  /// - Throws: `MemoryError` if there is no memory for so many.
  func withContext<Result>(
    graph: Graph, parameters: ParameterStore, batch: Int, engine: Engine,
    _ body: (Plan, ExecutionContext) throws -> Result
  ) throws -> Result {
    try graph.checkMemory(batch: batch)
    var maximumBatch = 1
    while maximumBatch < batch { maximumBatch *= 2 }
    let (plan, reused) = entries.withLock { entries -> (Plan, ExecutionContext?) in
      var entry =
        entries[maximumBatch]
        ?? Entry(
          plan: Plan(
            graph: graph,
            request: Plan.Request(
              outputs: graph.outputs.map(\.node), maximumBatch: maximumBatch,
              threadCount: engine.team.threadCount, keepsPreparedWeights: true,
              convolution: engine.convolution)))
      let context = entry.idle.popLast()
      entries[maximumBatch] = entry
      return (entry.plan, context)
    }
    let context = try reused ?? plan.makeContext(team: engine.team)
    defer {
      // After a rush of callers only as many contexts stay as could work side by side.
      entries.withLock { entries in
        if (entries[maximumBatch]?.idle.count ?? 0) < engine.team.threadCount {
          entries[maximumBatch]?.idle.append(context)
        }
      }
    }
    return try parameters.withUnsafePointer { values in
      context.variables = UnsafeMutableRawPointer(mutating: values)
      let weights = try preparedWeights(plan, context, version: parameters.version)
      return try withExtendedLifetime(weights) { try body(plan, context) }
    }
  }

  /// The prepared weights of the variables' values: those of the last run, where nothing has
  /// changed since.
  private func preparedWeights(
    _ plan: Plan, _ context: ExecutionContext, version: UInt64
  ) throws(MemoryError) -> AlignedBuffer<Float> {
    if let known = prepared.withLock({ $0 }), known.version == version {
      context.prepared = UnsafeMutableRawPointer(known.buffer.pointer)
      return known.buffer
    }
    // Outside of the lock: two callers may do the same work, none waits.
    let made = try AlignedBuffer<Float>(
      count: plan.preparedByteCount / 4, for: "the weights, prepared for kernels")
    context.prepared = UnsafeMutableRawPointer(made.pointer)
    plan.prepare(context)
    prepared.withLock { $0 = PreparedWeights(version: version, buffer: made) }
    return made
  }
}
