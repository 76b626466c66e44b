internal import CKernels
internal import Threads

/// The mean of each channel and the sum of squared deviations from it, over all rows.
package struct ChannelMoments {
  let mean: UnsafePointer<Float>
  let squares: UnsafePointer<Float>

  /// - Parameter memory: What a kernel left where it was told to leave moments.
  package init(channels: Int, memory: UnsafePointer<Float>) {
    mean = memory
    squares = memory + roundedToLine(channels)
  }
}

/// The mean of each column of a matrix and the sum of squared deviations from it, made of those of
/// parts of the rows.
///
/// A kernel that writes the matrix takes the moments of a part when it has written it, while it is in a
/// cache. The parts are combined in a binary tree over their numbers.
package struct ColumnMoments {
  let parts: RowParts
  let columns: Int
  private let matrix: UnsafePointer<Float>
  /// Two vectors for every part, each as long as whole cache lines; the first part's become those of
  /// all rows.
  private let partials: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - matrix: Rows of so many columns, without gaps.
  ///   - partials: As many floats as ``count(parts:columns:)`` says.
  init(
    parts: RowParts, columns: Int, matrix: UnsafePointer<Float>,
    partials: UnsafeMutablePointer<Float>
  ) {
    self.parts = parts
    self.columns = columns
    self.matrix = matrix
    self.partials = partials
  }

  /// Floats of the moments of so many parts.
  static func count(parts: Int, columns: Int) -> Int { parts * 2 * roundedToLine(columns) }

  /// The moments of all rows, after ``combine(team:)``.
  var ofAllRows: ChannelMoments { ChannelMoments(channels: columns, memory: partials) }

  /// The means of the columns of a part.
  fileprivate func mean(_ part: Int) -> UnsafeMutablePointer<Float> {
    partials + part * 2 * roundedToLine(columns)
  }

  /// The sums of squared deviations, likewise.
  fileprivate func squares(_ part: Int) -> UnsafeMutablePointer<Float> {
    mean(part) + roundedToLine(columns)
  }

  /// Takes the moments of some columns of a part.
  func take(part: Int, columns range: Range<Int>) {
    let rows = parts.rows(part)
    nk_column_moments(
      matrix + rows.lowerBound * columns + range.lowerBound, rows.count, range.count, columns,
      mean(part) + range.lowerBound, squares(part) + range.lowerBound)
  }

  /// Takes the moments of all parts of a matrix that is written.
  func take(team: WorkerTeam) {
    team.run(TakeMoments(moments: self))
  }

  /// Makes the first part's moments those of all rows.
  func combine(team: WorkerTeam) {
    if parts.count > 1 { team.run(CombineMoments(moments: self)) }
  }
}

/// The rows of a matrix in parts that follow one another: of equal numbers of rows, or of whole lines of
/// tiles where the rows are the pixels of images.
struct RowParts {
  /// Lines of tiles, or rows.
  private let units: Int
  /// Units that are cut together: the last part of each segment may be smaller.
  private let unitsPerSegment: Int
  private let unitsPerPart: Int
  private let unitsPerImage: Int
  private let rowsPerUnit: Int
  private let rowsPerImage: Int

  /// Parts of equal numbers of rows, but for the last.
  init(_ chunks: Chunks) {
    (units, unitsPerSegment, unitsPerPart) = (chunks.total, chunks.total, chunks.size)
    (unitsPerImage, rowsPerUnit, rowsPerImage) = (chunks.total, 1, chunks.total)
  }

  /// Parts of a matrix that was written before its moments are taken.
  init(rows: Int, columns: Int) {
    let size = max(Self.leastRows(columns: columns), (rows + Self.most - 1) / Self.most)
    self.init(Chunks(of: rows, size: size))
  }

  /// The most parts of a matrix that was written before, of up to so many rows.
  static func mostCount(rows: Int, columns: Int) -> Int {
    let least = leastRows(columns: columns)
    return min(most, (rows + least - 1) / least)
  }

  /// Not so many that combining them costs.
  private static let most = 256

  /// 64 KiB, unless columns are very many.
  private static func leastRows(columns: Int) -> Int { max(64, Chunks.elements / max(1, columns)) }

  /// Parts of lines of tiles, cut anew where other images begin to be computed.
  ///
  /// - Parameters:
  ///   - images: How many there are.
  ///   - imagesPerSegment: How many are cut together.
  ///   - height: Lines of pixels of an image.
  ///   - width: Pixels of a line.
  ///   - tileRows: Lines of tiles of an image; the last may reach beyond it.
  ///   - tileHeight: Lines of pixels of a line of tiles.
  ///   - unitsPerPart: Lines of tiles of a part.
  init(
    images: Int, imagesPerSegment: Int, height: Int, width: Int, tileRows: Int, tileHeight: Int,
    unitsPerPart: Int
  ) {
    units = images * tileRows
    unitsPerSegment = imagesPerSegment * tileRows
    self.unitsPerPart = unitsPerPart
    unitsPerImage = tileRows
    rowsPerUnit = tileHeight * width
    rowsPerImage = height * width
  }

  private var partsPerSegment: Int { (unitsPerSegment + unitsPerPart - 1) / unitsPerPart }

  var count: Int {
    let rest = units % unitsPerSegment
    return units / unitsPerSegment * partsPerSegment + (rest + unitsPerPart - 1) / unitsPerPart
  }

  /// The rows of a part.
  func rows(_ part: Int) -> Range<Int> { firstRow(part)..<firstRow(part + 1) }

  /// The rows before a part; all rows for one behind the last.
  func firstRow(_ part: Int) -> Int {
    let within = min(part % partsPerSegment * unitsPerPart, unitsPerSegment)
    let unit = min(part / partsPerSegment * unitsPerSegment + within, units)
    return unit / unitsPerImage * rowsPerImage
      + min(unit % unitsPerImage * rowsPerUnit, rowsPerImage)
  }
}

private struct TakeMoments: ParallelTask {
  let moments: ColumnMoments

  var chunkCount: Int { moments.parts.count }

  func run(chunk: Int, worker: Int) {
    moments.take(part: chunk, columns: 0..<moments.columns)
  }
}

/// Combines the moments of parts, for some columns each.
private struct CombineMoments: ParallelTask {
  let moments: ColumnMoments

  private var columns: Chunks { Chunks(of: moments.columns, size: 64) }

  var chunkCount: Int { columns.count }

  func run(chunk: Int, worker: Int) {
    let first = columns.start(chunk)
    let parts = moments.parts
    var span = 1
    while span < parts.count {
      var part = 0
      while part + span < parts.count {
        let other = part + span
        let (start, middle) = (parts.firstRow(part), parts.firstRow(other))
        let end = parts.firstRow(min(other + span, parts.count))
        nk_merge_moments(
          moments.mean(part) + first, moments.squares(part) + first, Double(middle - start),
          moments.mean(other) + first, moments.squares(other) + first, Double(end - middle),
          columns.length(chunk))
        part += 2 * span
      }
      span *= 2
    }
  }
}
