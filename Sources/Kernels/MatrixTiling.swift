/// How a product of an m × k and a k × n matrix is cut into tiles of the result.
///
/// By shape alone, so that results do not depend on the threads. Large tiles spare OpenBLAS
/// packing its operands again and again, small ones feed many threads; a tile fits a second-level
/// cache, so that what follows (bias, activation) finds it there.
struct MatrixTiling {
  let m: Int
  let n: Int
  let rows: Int
  let columns: Int

  /// Tiles that a problem should at least give, if their work is not tiny.
  static let wantedTiles = 32
  /// Floating-point operations (about 10 µs) below which a tile is not cut further.
  static let smallestWork = 1 << 20

  init(m: Int, n: Int, k: Int, wantedTiles: Int = MatrixTiling.wantedTiles) {
    var rows = max(1, min(m, 256))
    var columns = max(1, min(n, 512))
    // A row-vector product reads k short pieces of rows: keep them longer than a page's worth.
    let leastColumns = m <= 16 ? 128 : 32
    func tiles() -> Int { ((m + rows - 1) / rows) * ((n + columns - 1) / columns) }
    while tiles() < wantedTiles && 2 * rows * columns * k > Self.smallestWork {
      if columns >= 2 * leastColumns && (columns >= rows || rows < 64) {
        columns = (columns + 31) / 32 * 16
      } else if rows >= 64 {
        rows = (rows + 1) / 2
      } else {
        break
      }
    }
    self.m = m
    self.n = n
    self.rows = rows
    self.columns = columns
  }

  private var across: Int { (n + columns - 1) / columns }

  var count: Int { m == 0 || n == 0 ? 0 : (m + rows - 1) / rows * across }

  func firstRow(_ tile: Int) -> Int { tile / across * rows }
  func firstColumn(_ tile: Int) -> Int { tile % across * columns }
  func rowCount(_ tile: Int) -> Int { min(rows, m - firstRow(tile)) }
  func columnCount(_ tile: Int) -> Int { min(columns, n - firstColumn(tile)) }
}
