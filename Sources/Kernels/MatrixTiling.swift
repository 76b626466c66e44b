/// How a product of an m × k and a k × n matrix is cut into tiles of the result.
///
/// By shape alone, so that results do not depend on the threads. Large tiles spare OpenBLAS
/// packing its operands again and again (measured: 64 × 64 runs at two thirds of the speed of
/// 512 × 512), small ones feed many threads; a tile of 1 MiB or less is still in the second-level
/// cache for what follows (bias, activation).
struct MatrixTiling {
  let m: Int
  let n: Int
  let rows: Int
  let columns: Int

  /// Tiles that a problem should at least give, if their work is not tiny.
  static let wantedTiles = 16
  /// Floating-point operations (some 40 µs) below which a tile is not cut further.
  static let smallestWork = 1 << 22

  init(m: Int, n: Int, k: Int, wantedTiles: Int = MatrixTiling.wantedTiles) {
    var rows = max(1, min(m, 512))
    var columns = max(1, min(n, 512))
    // A product with few rows reads k short pieces of rows of b: not too short.
    let leastColumns = m <= 16 ? 128 : 64
    // Few rows take the time of reading b, not of the arithmetic.
    func work() -> Int { 2 * max(rows, 16) * columns * k }
    func tiles() -> Int { ((m + rows - 1) / rows) * ((n + columns - 1) / columns) }
    while tiles() < wantedTiles && work() > Self.smallestWork {
      if columns >= 2 * leastColumns && (columns >= rows || rows < 128) {
        columns = (columns + 31) / 32 * 16
      } else if rows >= 128 {
        rows = (rows + 31) / 32 * 16
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
