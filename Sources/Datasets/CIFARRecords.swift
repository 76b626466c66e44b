import CKernels
import Tensors

/// The two data sets in their binary version.
package enum CIFARForm: Hashable, Sendable, CaseIterable {
  /// Ten classes; five files to train on.
  case cifar10
  /// 100 classes in 20 groups.
  case cifar100

  /// What people call it.
  var title: String { self == .cifar10 ? "CIFAR-10" : "CIFAR-100" }
  /// The archive that holds the binary version.
  var archive: String { self == .cifar10 ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz" }
  /// The files of the training part.
  var trainingFiles: [String] {
    self == .cifar10 ? (1...5).map { "data_batch_\($0).bin" } : ["train.bin"]
  }
  /// Files of the versions that are not read: Python's and MATLAB's.
  var otherFiles: [String] {
    let names =
      self == .cifar10
      ? (1...5).map { "data_batch_\($0)" } + ["test_batch", "batches.meta"]
      : ["train", "test", "meta"]
    return names + names.map { $0 + ".mat" }
  }
  /// The file of the test part.
  var testFile: String { self == .cifar10 ? "test_batch.bin" : "test.bin" }
  /// The labels that begin a record, a byte each: CIFAR-100's are the coarse one and the fine one.
  var labelCount: Int { self == .cifar10 ? 1 : 2 }
  /// The bytes of a record: labels and three planes of 32 × 32, red, green, blue.
  var recordSize: Int { labelCount + 3 * CIFARRecords.pixelCount }

  /// The file with the names of the classes.
  func namesFile(_ labels: CIFARFolder.Labels) -> String {
    self == .cifar10 ? "batches.meta.txt" : "\(labels.rawValue)_label_names.txt"
  }

  /// The names of the classes, as the data set's makers call them.
  func standardNames(_ labels: CIFARFolder.Labels) -> [String] {
    switch (self, labels) {
    case (.cifar10, _): Self.cifar10Names
    case (.cifar100, .fine): Self.fineNames
    case (.cifar100, .coarse): Self.coarseNames
    }
  }

  private static let cifar10Names = words(
    "airplane automobile bird cat deer dog frog horse ship truck")

  private static let coarseNames = words(
    """
    aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices \
    household_furniture insects large_carnivores large_man-made_outdoor_things \
    large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals \
    non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2
    """)

  private static let fineNames = words(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly \
    camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile \
    cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp \
    lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree \
    orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum \
    rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider \
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train \
    trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """)

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }
}

/// The reading of records: labels, and an image in planes.
package struct CIFARRecords {
  static let pixelCount = 32 * 32

  private let form: CIFARForm
  private let labels: CIFARFolder.Labels

  /// Creates a reader of the records of a data set.
  package init(form: CIFARForm, labels: CIFARFolder.Labels = .fine) {
    self.form = form
    self.labels = labels
  }

  /// Reads the records of several files, one after the other.
  ///
  /// - Parameter classNames: The names of the classes; there must be one for each label.
  package func read(_ files: [DecompressingReader], classNames: [String]) throws -> ByteImageDataset
  {
    let recordSize = form.recordSize
    for file in files {
      guard !file.isCompressed, file.storedSize > 0, file.storedSize % recordSize == 0 else {
        throw DatasetError(
          file.isCompressed ? .unsupported : .truncated, at: file.name,
          expected: "one or more records of \(recordSize) bytes",
          found: file.isCompressed ? "gzip data" : "\(file.storedSize) bytes",
          advice: file.isCompressed ? "unpack the file" : "fetch the file again; it is incomplete")
      }
    }
    let count = files.map { $0.storedSize / recordSize }.reduce(0, +)
    let place = files.first?.name ?? form.title
    let imageSize = 3 * Self.pixelCount
    let pixels = try ByteBuffer(count: count * imageSize, place: place)
    let labelPlace = form == .cifar100 && labels == .fine ? 1 : 0
    var found: [Int32] = []
    var record = [UInt8](repeating: 0, count: recordSize)
    for file in files {
      for index in 0..<file.storedSize / recordSize {
        try record.withUnsafeMutableBytes {
          try file.read(exactlyInto: $0, what: "record \(index)")
        }
        let label = record[labelPlace]
        guard label < classNames.count else {
          throw DatasetError(
            .malformed, at: "\(file.name), byte \(index * recordSize + labelPlace)",
            expected: "a label from 0 to \(classNames.count - 1)", found: "\(label)",
            advice: "check that this is \(form.title)'s binary version")
        }
        record.withUnsafeBufferPointer {
          nk_interleave_planes(
            $0.baseAddress! + form.labelCount, pixels.pointer + found.count * imageSize,
            Self.pixelCount, 3)
        }
        found.append(Int32(label))
      }
      try file.expectEnd()
    }
    return try ByteImageDataset(
      pixels: pixels, imageShape: [32, 32, 3], labels: found, classNames: classNames, place: place)
  }
}
