import Datasets
import Tensors

/// What a person should be told of a tree, whatever its folders stand for.
extension FolderTree {
  /// Files that are no images, by what their names end in, the most frequent first.
  var leftOut: [ImageListing.LeftOut] {
    var counts: [String: (count: Int, example: String)] = [:]
    forEach { folder in
      for name in folder.otherFiles {
        let ending = ImageFormat.ending(ofFileNamed: name)
        counts[ending, default: (0, folder.path(of: name))].count += 1
      }
    }
    return counts.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map {
      let isOne = $0.value.count == 1
      let bare =
        isOne ? "that has no ending and is no image" : "that have no ending and are no images"
      let reason = $0.key.isEmpty ? bare : "ending in .\($0.key)"
      return ImageListing.LeftOut(
        count: $0.value.count, reason: "\(isOne ? "file" : "files") \(reason)",
        example: $0.value.example)
    }
  }

  /// Images that only their bytes tell, and run folders.
  var notes: [String] {
    var bare = 0
    var example = ""
    forEach { folder in
      for name in folder.images where ImageFormat.ending(ofFileNamed: name).isEmpty {
        if bare == 0 { example = folder.path(of: name) }
        bare += 1
      }
    }
    var notes: [String] = []
    if bare > 0 {
      notes.append(
        "\(counted(bare, "file")) without an ending (\(example)\(bare > 1 ? " …" : "")) taken for "
          + "\(bare == 1 ? "an image" : "images") by \(bare == 1 ? "its" : "their") bytes")
    }
    if !runFolders.isEmpty {
      notes.append("run folders passed over: \(runFolders.sorted().joined(separator: ", "))")
    }
    return notes
  }
}
