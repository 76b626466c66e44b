/// The cutting of a number of elements into chunks of a fixed size, whatever the threads.
struct Chunks {
  /// Elements in a chunk of an elementwise pass: 64 KiB of each array, so that two or three arrays
  /// stay in a second-level cache and a chunk takes some microseconds.
  static let elements = 16384

  /// Elements of an array that is hardly found in a third-level cache once it is written whole: 16 MiB.
  static let cachedElements = 4 << 20

  let total: Int
  let size: Int

  init(of total: Int, size: Int = Chunks.elements) {
    self.total = total
    self.size = size
  }

  /// Chunks of equal size, rather than a small last one, of at most `limit` elements.
  init(of total: Int, limit: Int) {
    let count = Swift.max(1, (total + limit - 1) / limit)
    self.init(of: total, size: Swift.max(1, (total + count - 1) / count))
  }

  /// Chunks of whole rows, of about `Chunks.elements` elements each.
  init(rows: Int, columns: Int) {
    self.init(of: rows, size: Swift.max(1, Chunks.elements / Swift.max(1, columns)))
  }

  var count: Int { (total + size - 1) / size }

  func start(_ chunk: Int) -> Int { chunk * size }

  func length(_ chunk: Int) -> Int { Swift.min(size, total - chunk * size) }
}
