import Datasets
import Foundation
import Images
import Testing

/// No option is accepted and ignored: each belongs to a form of images.
@Suite struct ImageOptionsTests {
  static let list = URL(fileURLWithPath: "/labels.csv")

  /// An option, what the error calls it, and the forms that it is for.
  static let options: [(ImageOptions, String, Set<String>)] = [
    (ImageOptions(transpose: true), "--transpose", ["idx"]),
    (ImageOptions(cifarLabels: .fine), "--cifar-labels", ["cifar"]),
    (ImageOptions(layout: .parts), "--layout", ["files"]),
    (ImageOptions(labels: list), "--labels", ["files"]),
    (ImageOptions(reading: ImageReading(resizing: .crop)), "--resize", ["files"]),
    (ImageOptions(skipsBadFiles: true), "--skip-bad", ["files"]),
    (ImageOptions(limits: ImageLimits(maximumPixelCount: 100)), "--max-image-pixels", ["files"]),
  ]

  @Test(arguments: 0..<options.count) func optionsOfAnotherFormAreRefused(_ index: Int) throws {
    let (options, name, forms) = Self.options[index]
    try withTemporaryFolder { folder in
      try write(
        [
          "cifar/test_batch.bin": [3] + [UInt8](repeating: 5, count: 3072),
          "files/a/1.png": png(flat(1)), "files/b/1.png": png(flat(2)),
        ], to: folder)
      try write(DataFolderTests.mnist, to: folder.appendingPathComponent("idx"))
      for form in ["idx", "cifar", "files"] where !forms.contains(form) {
        let error = #expect(throws: DatasetError.self, "\(form)") {
          try DataFolder.open(folder.appendingPathComponent(form), options: options)
        }
        #expect(error?.expected.contains(name) == true, "\(form)")
      }
      let digits = #expect(throws: DatasetError.self) {
        try LabelledImages.open("digits", options: options)
      }
      #expect(digits?.expected.contains(name) == true)
      for form in forms where name != "--labels" && name != "--layout" {
        #expect(throws: Never.self) {
          try DataFolder.open(folder.appendingPathComponent(form), options: options)
        }
      }
    }
  }
}
