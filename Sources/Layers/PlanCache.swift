import Graphs
import Synchronization
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

  private let entries = Mutex<[Int: Entry]>([:])

  /// Calls `body` with a plan for at least `batch` examples and memory that nobody else uses
  /// meanwhile.
  ///
  /// Plans are made for powers of two, so there are few.
  func withContext<Result>(
    graph: Graph, batch: Int, engine: Engine,
    _ body: (Plan, ExecutionContext) throws -> Result
  ) rethrows -> Result {
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
              threadCount: engine.team.threadCount)))
      let context = entry.idle.popLast()
      entries[maximumBatch] = entry
      return (entry.plan, context)
    }
    let context = reused ?? plan.makeContext(team: engine.team)
    defer {
      // After a rush of callers only as many contexts stay as could work side by side.
      entries.withLock { entries in
        if (entries[maximumBatch]?.idle.count ?? 0) < engine.team.threadCount {
          entries[maximumBatch]?.idle.append(context)
        }
      }
    }
    return try body(plan, context)
  }
}
