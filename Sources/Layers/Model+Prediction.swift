import Graphs
public import Tensors
import Threads

/// Why a model cannot take what it was fed.
public struct PredictionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension Model {
  /// The model's outputs for a batch of examples; dropout and its like are off.
  ///
  /// - Parameter input: Examples, `[n, …]` with the shape of an example behind.
  /// - Returns: The first output, `[n, …]`.
  /// - Throws: `PredictionError` if the shape is not that of the model's one input; `MemoryError` if
  ///   there is no memory even for one example at a time; `EngineError` in a forked child.
  public func callAsFunction(_ input: Tensor) throws -> Tensor {
    guard graph.inputs.count == 1 else {
      throw PredictionError(
        "The model has \(graph.inputs.count) inputs "
          + "(\(graph.inputs.map(\.name).joined(separator: ", "))); use predict(_:) and feed them "
          + "by name.")
    }
    return try run([graph.inputs[0].name: input])[0]
  }

  /// The model's outputs by name, for examples by the name of the input.
  ///
  /// - Throws: `PredictionError` if an input is missing, unknown or of a wrong shape, or if the
  ///   inputs hold different numbers of examples; `MemoryError` if there is no memory even for one
  ///   example at a time; `EngineError` in a forked child.
  public func predict(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
    let values = try run(inputs)
    return Dictionary(uniqueKeysWithValues: zip(graph.outputs.map(\.name), values))
  }

  private func run(_ fed: [String: Tensor]) throws -> [Tensor] {
    try Engine.check()
    let (inputs, count) = try checked(fed)
    var outputs = try graph.outputs.map { endpoint in
      try Tensor(
        zeros: endpoint.type.shape(batch: count),
        for: "the output '\(endpoint.name)' of \(counted(count, "example"))")
    }
    // A mean over the batch, say, needs the whole batch at once.
    var part = graph.mixesExamples ? max(count, 1) : Self.predictionBatchSize
    var start = 0
    repeat {
      let batch = min(count - start, part)
      do {
        try runPart(inputs, from: start, count: batch, into: &outputs)
        start += batch
      } catch is MemoryError where batch > 1 && !graph.mixesExamples {
        // Fewer at once take less.
        part = batch / 2
      }
    } while start < count
    return outputs
  }

  private func runPart(
    _ inputs: [Tensor], from start: Int, count: Int, into outputs: inout [Tensor]
  ) throws {
    try plansWithContext(batch: count) { plan, context in
      context.batch = count
      feed(inputs, from: start, to: context) {
        plan.run(context)
        for (index, place) in plan.outputs.enumerated() {
          let type = plan.outputTypes[index]
          let offset = type.isBatched ? start * type.count(batch: 1) : 0
          outputs[index].withUnsafeMutableElements { elements in
            elements.baseAddress?.advanced(by: offset).update(
              from: context.floats(place), count: type.count(batch: count))
          }
        }
      }
    }
  }

  /// Calls `body` while all inputs are fed, from the example `start` on: one inside the other, so
  /// that none goes away.
  private func feed(
    _ inputs: [Tensor], from start: Int, to context: ExecutionContext, index: Int = 0,
    _ body: () -> Void
  ) {
    guard index < inputs.count else {
      body()
      return
    }
    let type = graph.inputs[index].type
    let offset = type.isBatched ? start * type.count(batch: 1) : 0
    inputs[index].withUnsafeElements { elements in
      if let base = elements.baseAddress { context.feed(base + offset, toInput: index) }
      feed(inputs, from: start, to: context, index: index + 1, body)
    }
  }

  private func checked(_ fed: [String: Tensor]) throws -> (inputs: [Tensor], count: Int) {
    let names = graph.inputs.map(\.name)
    if let unknown = fed.keys.sorted().first(where: { !names.contains($0) }) {
      throw PredictionError(
        "The model has no input '\(unknown)'; its inputs are \(names.joined(separator: ", ")).")
    }
    var count: Int?
    var inputs: [Tensor] = []
    for input in graph.inputs {
      guard input.type.elementType == .float32 else {
        throw PredictionError(
          "Input '\(input.name)' takes \(input.type.elementType.rawValue), which predictions from "
            + "a Tensor of numbers cannot feed.")
      }
      guard let tensor = fed[input.name] else {
        throw PredictionError("The input '\(input.name)' was not fed.")
      }
      let found = tensor.shape.dimensions
      let fixed = input.type.fixedShape.dimensions
      guard
        input.type.isBatched ? found.dropFirst() == fixed[...] && !found.isEmpty : found == fixed
      else {
        throw PredictionError(
          "The input '\(input.name)' expects the shape \(input.type); it was given "
            + "\(tensor.shape)"
            + (input.type.isBatched && found == fixed
              ? " (add a leading extent of 1 for a batch of one example)." : "."))
      }
      if input.type.isBatched {
        guard count == nil || count == found[0] else {
          throw PredictionError(
            "The inputs hold different numbers of examples: '\(input.name)' \(found[0]), others "
              + "\(count ?? 0).")
        }
        count = found[0]
      }
      inputs.append(tensor)
    }
    return (inputs, count ?? 1)
  }
}
