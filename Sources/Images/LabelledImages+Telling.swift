public import Datasets
import Tensors

extension LabelledImages {
  /// What every run should say about a folder of image files before it uses them.
  ///
  /// How it was read, what its images are and become, what is left out; which files, for other sources.
  ///
  /// - Parameter dataset: The part whose images are described.
  public func facts(of dataset: any Dataset) -> [(name: String, text: String)] {
    guard let listing else { return fileNotes.map { ("files", $0) } }
    var facts = [("layout", listing.layoutText)]
    if let images = Self.folderDataset(dataset), let found = imageFacts {
      let shape = images.imageShape
      let target = "\(shape[0])×\(shape[1])"
      let changesSize = found.sizes.contains {
        $0.height != shape[0] || $0.width != shape[1]
      }
      var text = found.description
      if changesSize {
        text += "; resized to \(target) (\(images.options.reading.resizing.rawValue))"
      }
      if found.channels != shape[2] || (shape[2] == 3 && found.greyCount > 0) {
        text += changesSize ? " in " : "; used in "
        text += shape[2] == 3 ? "colour" : "grey"
      }
      facts.append(("images", text))
    }
    let leftOut = leftOutText
    if !leftOut.isEmpty { facts.append(("left out", leftOut)) }
    return facts
  }

  private var leftOutText: String {
    guard let listing else { return "" }
    var texts = listing.leftOut.map(\.description)
    for part in listing.parts where !part.isLabelled {
      texts.append(
        "\(counted(part.files.count, "image")) without labels"
          + (part.folder.isEmpty ? "" : " in \(part.folder)") + ", which predict takes")
    }
    let count = problems.count
    if count > 0 { texts.append("\(count) \(count == 1 ? "image" : "images") that cannot be read") }
    return texts.joined(separator: "; ")
  }

  /// What was wrong with images that were left out.
  public var problems: [DatasetError] {
    let skipped = DataPart.allCases.compactMap { parts[$0] }
      .compactMap { Self.folderDataset($0)?.skipped }
    return skipped.flatMap(\.self)
  }

  /// What was odd about images that were decoded so far, and read all the same.
  public var notes: [ImageNote: Int] {
    parts.values.compactMap { Self.folderDataset($0)?.notes }.reduce(into: [:]) { sum, notes in
      sum.merge(notes, uniquingKeysWith: +)
    }
  }

  /// What the images of the opened parts are on the disk; nil where they are no image files.
  public var imageFacts: ImageFacts? {
    let facts = DataPart.allCases.compactMap { parts[$0] }.compactMap {
      Self.folderDataset($0)?.facts
    }
    return facts.isEmpty ? nil : ImageFacts(merging: facts)
  }

  /// The images of a folder behind a data set, which may be a selection of them.
  static func folderDataset(_ dataset: any Dataset) -> ImageFolderDataset? {
    if let subset = dataset as? SubsetDataset { return folderDataset(subset.base) }
    return dataset as? ImageFolderDataset
  }
}

extension ImageListing {
  /// How the folder was read: `a folder a class, in the parts train and test`.
  public var layoutText: String {
    var text =
      switch labelSource {
      case .folders: "a folder a class"
      case .fileNames: "classes by the files' names"
      case .list: "labels from a list"
      case .none: "images without labels"
      }
    if isCut {
      let names = parts.filter { $0.name != nil }.map {
        $0.folder.isEmpty ? $0.name?.rawValue ?? "" : $0.folder
      }
      text += ", in the part\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
    }
    return ([text] + notes).joined(separator: "; ")
  }
}
