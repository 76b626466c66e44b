import ArgumentParser
import FilePaths
import Foundation
import Needletail

/// What `--data` takes.
let dataHelp: ArgumentHelp = """
  Images: 'digits', which is built in, or a folder: IDX files such as MNIST's, CIFAR's binary files, or image \
  files with a folder a class, in folders train and test or not.
  """

/// Which labelled images a command takes, and how it reads their folder.
struct DataArguments: ParsableArguments {
  @Option(help: dataHelp)
  var data: String

  @OptionGroup var reading: DataReadingArguments
}

/// How a command reads a folder of labelled images.
struct DataReadingArguments: ParsableArguments {
  @OptionGroup var form: DataFormArguments

  @Option(
    help: """
      What folders of image files stand for, where their names leave it open: classes, whatever their \
      names; or parts, and the others are left out.
      """)
  var layout: ImageLayout?

  @Option(
    help: ArgumentHelp(
      "A list of image files and labels, in CSV, that decides in the place of folders.",
      valueName: "file"))
  var labels: String?

  @Flag(
    help: "Leave out image files that cannot be read, and count them; all are decoded at the start."
  )
  var skipBad = false

  @OptionGroup var limits: ImageLimitArguments

  /// How image files are read.
  func options(threadCount: Int, reading: ImageReading = ImageReading()) -> ImageOptions {
    ImageOptions(
      transpose: form.transpose, cifarLabels: form.cifarLabels, layout: layout,
      labels: labels.map(URL.init(pathText:)), reading: reading,
      skipsBadFiles: skipBad, threadCount: threadCount, limits: limits.limits)
  }
}

/// How many classes the images are of.
struct ClassCountArguments: ParsableArguments {
  @Option(
    name: .customLong("classes"),
    help: ArgumentHelp(
      """
      The number of classes, where IDX files may have more than their labels tell; of other data it \
      is checked.
      """, valueName: "classes"), transform: OptionNumber.whole(2...1_000_000))
  var count: Int?

  /// Refuses images of another number of classes.
  func check(_ found: Int, of data: String) throws {
    guard let count, count != found else { return }
    throw OptionError(
      "--classes", expected: "\(found), as in \(data)", found: "\(count)",
      advice: "leave the option out, or use other data")
  }
}

/// What is refused for its size.
struct ImageLimitArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The largest image that is decoded. (default: 67108864, 2 to the 26)", valueName: "pixels"),
    transform: OptionNumber.whole(1...1 << 31))
  var maxImagePixels: Int?

  /// The limits that are used.
  var limits: ImageLimits {
    var limits = ImageLimits()
    if let maxImagePixels { limits.maximumPixelCount = maxImagePixels }
    return limits
  }
}

/// How pixels of image files become those that a network is fed; kept in the model's file.
struct ImageReadingArguments: ParsableArguments {
  @Option(
    help: "Which way up images are used: upright, by their EXIF data; or as-stored in the file.")
  var orientation = ImageReading.Orientation.upright

  @Option(
    help: """
      How images get another size: squash, each side by its own scale; or crop, from the largest \
      rectangle in the middle that has the new proportions.
      """)
  var resize = ImageReading.Resizing.squash

  /// Both choices.
  var reading: ImageReading { ImageReading(orientation: orientation, resizing: resize) }
}
