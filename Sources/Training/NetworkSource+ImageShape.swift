import FilePaths
import Foundation
import Layers
import ModelFiles
public import Tensors

extension NetworkSource {
  /// The shape of images that a network file states; nil for presets and files that state none.
  ///
  /// - Throws: ``NetworkSourceError`` if the file holds a mistake, `ModelFileError` if it cannot be read.
  public func statedImageShape() throws -> Shape? {
    guard case .file(let path) = self else { return nil }
    let shape = try Self.readingFile(path) {
      try NetworkFile(contentsOf: URL(pathText: path)).inputShape
    }
    return shape.flatMap { $0.rank == 3 ? $0 : nil }
  }

  /// The height and width that a preset is made for; nil for one that takes rows, and for network files.
  public var preferredImageSize: (height: Int, width: Int)? {
    guard case .preset(let preset) = self, preset.defaultInputShape.rank == 3 else { return nil }
    return (height: preset.defaultInputShape[0], width: preset.defaultInputShape[1])
  }
}
