import Foundation

/// PNG files of 8×8 grey pixels.
enum SmallImages {
  static let black =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42mNgoA4AAABIAAEQRe/SAAAAAElFTkSuQmCC"
  static let white =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR42mP4DwUMlDEA98A/wa9cD80AAAAASUVORK5CYII="
  static let gray =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR42mOogAIGyhgAOIQeAShCO28AAAAASUVORK5CYII="
  /// Sound chunks around pixels that cannot be unpacked: only decoding finds it.
  static let damaged =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42gcHBwcHBwcHBwcqTSHtAAAAAElFTkSuQmCC"

  /// Writes a file, with the folders around it.
  static func write(_ image: String, to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try (Data(base64Encoded: image) ?? Data()).write(to: url)
  }

  /// A folder of a training part of `count` black and as many white images, and a validation part of one
  /// each.
  static func folder(in scratch: TemporaryFolder, count: Int = 4) throws -> URL {
    let folder = scratch.url.appendingPathComponent("images")
    for (name, image) in [("black", black), ("white", white)] {
      for number in 0..<count {
        try write(image, to: folder.appendingPathComponent("train/\(name)/\(number).png"))
      }
      try write(image, to: folder.appendingPathComponent("val/\(name)/0.png"))
    }
    return folder
  }
}
