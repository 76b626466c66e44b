public import Datasets
public import Foundation
import Threads

/// How a folder of images is read.
public struct ImageOptions: Sendable, Hashable {
  /// Whether the images of IDX files are transposed; by the files' names if nil.
  ///
  /// Must be nil for other forms.
  public var transpose: Bool?
  /// Which labels of CIFAR-100 count; the fine ones if nil.
  ///
  /// Must be nil for other forms.
  public var cifarLabels: CIFARFolder.Labels?
  /// What folders stand for, where the rule does not decide (``ImageListing``).
  public var layout: ImageLayout?
  /// A list of files and labels that decides in the place of folders; see docs/data.md.
  public var labels: URL?
  /// How their pixels become those that a network is fed.
  public var reading: ImageReading
  /// Whether images that cannot be read are left out, and counted, instead of an error.
  ///
  /// All images are then decoded once before anything else, so that what is left out does not depend on
  /// when a damage is met.
  public var skipsBadFiles: Bool
  /// The largest number of bytes of decoded images to keep for each part; 0 keeps none.
  public var cacheLimit: Int
  /// How many images are decoded at once; as many as `ThreadBudget` allows if nil.
  public var threadCount: Int?
  /// What is refused for its size before memory is taken.
  public var limits: ImageLimits

  /// Creates options; as they stand, the rule decides and bad images are errors.
  public init(
    transpose: Bool? = nil, cifarLabels: CIFARFolder.Labels? = nil, layout: ImageLayout? = nil,
    labels: URL? = nil, reading: ImageReading = ImageReading(),
    skipsBadFiles: Bool = false, cacheLimit: Int = 512 << 20, threadCount: Int? = nil,
    limits: ImageLimits = ImageLimits()
  ) {
    self.transpose = transpose
    self.cifarLabels = cifarLabels
    self.layout = layout
    self.labels = labels
    self.reading = reading
    self.skipsBadFiles = skipsBadFiles
    self.cacheLimit = cacheLimit
    self.threadCount = threadCount
    self.limits = limits
  }

  /// Refuses options that mean another form of images than these: none is ignored.
  func refuse(for form: Form, at place: String) throws {
    let given: [(isGiven: Bool, what: String, forms: Set<Form>)] = [
      (transpose != nil, "the choice whether to transpose (--transpose)", [.idx]),
      (cifarLabels != nil, "the choice of CIFAR-100's labels (--cifar-labels)", [.cifar]),
      (layout != nil, "the layout of folders (--layout)", [.files]),
      (labels != nil, "a list of labels (--labels)", [.files]),
      (reading != ImageReading(), "how image files are read (--orientation, --resize)", [.files]),
      (skipsBadFiles, "leaving out bad image files (--skip-bad)", [.files]),
      (limits != ImageLimits(), "the largest image file (--max-image-pixels)", [.files]),
    ]
    for option in given where option.isGiven && !option.forms.contains(form) {
      throw DatasetError(
        .mismatched, at: place, expected: "no option for \(option.what)", found: form.rawValue,
        advice: "leave it out: it is for \(option.forms.map(\.kind).joined(separator: " or "))")
    }
  }

  /// The forms of images that options are for.
  enum Form: String {
    case digits = "the digits that are built in"
    case idx = "IDX files"
    case cifar = "CIFAR's binary files"
    case files = "image files"

    var kind: String { rawValue }
  }

  /// How many images are decoded at once.
  var workerCount: Int {
    min(
      max(1, threadCount ?? ThreadBudget.detected().threadCount),
      ThreadBudget.maximumThreadCount)
  }
}
