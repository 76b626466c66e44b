import Foundation

/// What Pillow makes of small files; `scripts/make-image-cases` records it.
struct RecordedCases: Decodable {
  /// A file, and its upright pixels in grey and in colour.
  struct ImageCase: Decodable {
    var name: String
    var file: Data
    var width: Int
    var height: Int
    var grey: Data
    var color: Data
  }

  /// An image, and what it is in other sizes.
  struct ResizeCase: Decodable {
    struct Made: Decodable {
      var width: Int
      var height: Int
      var resizing: String
      var pixels: Data
    }

    var width: Int
    var height: Int
    var channels: Int
    var pixels: Data
    var made: [Made]
  }

  /// Pillow's version.
  var pillow: String
  var images: [ImageCase]
  var resizes: [ResizeCase]

  static func load() throws -> RecordedCases {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Recorded/pillow.json")
    return try JSONDecoder().decode(RecordedCases.self, from: Data(contentsOf: file))
  }

  /// The file of a case.
  static func file(_ name: String) throws -> [UInt8] {
    guard let found = try load().images.first(where: { $0.name == name }) else {
      throw CocoaError(.fileNoSuchFile)
    }
    return Array(found.file)
  }
}

/// The largest distance between two lists of bytes; nil if their lengths differ.
func largestDistance(_ one: [UInt8], _ other: Data) -> Int? {
  guard one.count == other.count else { return nil }
  return zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0
}
