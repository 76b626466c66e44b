internal import CKernels
package import Threads

/// The forward pass of ``Dense`` for long rows and few results, cut along the terms of its sums: each
/// part of W is multiplied for itself, and the sums of the parts are added up in the end.
///
/// So a thread reads those rows of W that it updated and packed itself, and not those of all others, which
/// costs much between processors without a cache in common (docs/decisions/0015). In return it
/// writes sums that others read: few, for the result is narrow.
///
/// Whether and how W is cut is decided by its shape alone, so that a row's bits do not depend on
/// how many rows there are.
package struct DeepDense: Sendable {
  fileprivate let columns: Int
  /// Of the rows of W.
  fileprivate let parts: Chunks

  private static let partCount = 4
  /// The shortest sums that are cut, and the widest results.
  private static let leastDepth = 512
  private static let mostColumns = 128
  /// Rows that are multiplied before the sums are added up.
  private static let blockRows = 128

  /// Nil for shapes that are not cut.
  package init?(inputSize: Int, outputSize: Int) {
    guard inputSize >= Self.leastDepth, outputSize <= Self.mostColumns else { return nil }
    columns = outputSize
    parts = Chunks(of: inputSize, limit: (inputSize + Self.partCount - 1) / Self.partCount)
  }

  fileprivate var depth: Int { parts.total }

  /// A part of W by itself.
  fileprivate func matrix(_ part: Int) -> PackedMatrix {
    PackedMatrix(depth: parts.length(part), columns: columns)
  }

  /// Where a part's packed matrix starts.
  fileprivate func offset(_ part: Int) -> Int { nk_packed_count(parts.start(part), columns) }

  /// The floats of ``prepare(_:into:team:)``'s result.
  package var preparedCount: Int { nk_packed_count(depth, columns) }

  /// Packs W.
  package func prepare(
    _ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    team.run(PackParts(layer: self, weights: weights, prepared: prepared))
  }

  /// The floats of scratch memory for up to so many rows.
  package func scratchCount(maximumRows: Int) -> Int {
    parts.count * partStep(min(maximumRows, Self.blockRows))
  }

  private func partStep(_ rows: Int) -> Int { roundedToLine(rows * columns) }

  /// y = f(x · W + b), as ``Dense`` computes it.
  ///
  /// - Parameters:
  ///   - prepared: What ``prepare(_:into:team:)`` made of W.
  ///   - scratch: As many floats as ``scratchCount(maximumRows:)`` says.
  package func forward(
    rows: Int, x: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, function: ElementwiseFunction, parameter: Float,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, team: WorkerTeam
  ) {
    for first in stride(from: 0, to: rows, by: Self.blockRows) {
      let count = min(Self.blockRows, rows - first)
      team.run(
        PartProducts(
          layer: self, rows: Chunks(of: count, limit: PartProducts.mostRows),
          x: x + first * depth, prepared: prepared, sums: scratch, partStep: partStep(count)))
      team.run(
        SumOfParts(
          layer: self, rows: Chunks(of: count, limit: SumOfParts.mostRows), sums: scratch,
          partStep: partStep(count), bias: bias, function: function, parameter: parameter,
          y: y + first * columns))
    }
  }
}

private struct PackParts: ParallelTask {
  let layer: DeepDense
  let weights: UnsafePointer<Float>
  let prepared: UnsafeMutablePointer<Float>

  var chunkCount: Int { layer.parts.count }

  func run(chunk part: Int, worker: Int) {
    let matrix = layer.matrix(part)
    var walk = nk_walk.rows(step: layer.columns)
    for block in 0..<matrix.blocks.count {
      nk_pack_rows(
        matrix.depth, &walk, layer.parts.start(part), weights + matrix.blocks.start(block),
        matrix.blocks.length(block), matrix.depth, 0,
        prepared + layer.offset(part) + matrix.offset(block))
    }
  }
}

/// The sums of each part: [parts][rows][columns].
private struct PartProducts: ParallelTask {
  let layer: DeepDense
  let rows: Chunks
  let x: UnsafePointer<Float>
  let prepared: UnsafePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  let partStep: Int

  /// Rows of a chunk: eleven of the highest tiles of a block of columns.
  static let mostRows = 66

  var chunkCount: Int { layer.parts.count * rows.count }

  func run(chunk: Int, worker: Int) {
    // Parts change slowest: as they lie in W.
    let part = chunk / rows.count
    let (first, count) = (rows.start(chunk % rows.count), rows.length(chunk % rows.count))
    let matrix = layer.matrix(part)
    var (xRows, sumRows) = (nk_walk.rows(step: layer.depth), nk_walk.rows(step: layer.columns))
    var finish = nk_tile_finish(addend: nil, relu: false, bias: nil)
    withUnsafePointer(to: nk_run(offset: 0, length: matrix.depth)) { run in
      for block in 0..<matrix.blocks.count {
        nk_tile_product(
          first, count, x + layer.parts.start(part), &xRows, 1, run,
          prepared + layer.offset(part) + matrix.offset(block), matrix.blocks.length(block),
          sums + part * partStep + matrix.blocks.start(block), &sumRows, &finish)
      }
    }
  }
}

/// y = f(the sum of the parts + bias).
private struct SumOfParts: ParallelTask {
  let layer: DeepDense
  let rows: Chunks
  let sums: UnsafeMutablePointer<Float>
  let partStep: Int
  let bias: UnsafePointer<Float>?
  let function: ElementwiseFunction
  let parameter: Float
  let y: UnsafeMutablePointer<Float>

  static let mostRows = 16

  var chunkCount: Int { rows.count }

  func run(chunk: Int, worker: Int) {
    let (start, count) = (rows.start(chunk) * layer.columns, rows.length(chunk))
    nk_tree_sum(sums + start, partStep, layer.parts.count, count * layer.columns, false, y + start)
    nk_bias_activate(
      y + start, layer.columns, count, layer.columns, bias, function.rawValue, parameter)
  }
}
