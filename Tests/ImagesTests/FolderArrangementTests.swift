import Datasets
import Foundation
import Images
import Testing

/// Where the rule for folders ends: what is just a class, just a part, just refused.
@Suite struct FolderArrangementTests {
  private let folders = ImageListingTests()

  private func link(_ name: String, to target: String, in folder: URL) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/" + name, withDestinationPath: folder.path + "/" + target)
  }

  @Test func oneFolderAlone() throws {
    // A class, not a folder to pass through.
    try folders.list(["cat/1.png"]) { #expect($0.classNames == ["cat"]) }
    try folders.list(["cat/1.png", "cat/old/2.png"]) { listing in
      #expect(listing.classNames == ["cat"])
      #expect(listing.parts[0].files.map(\.path) == ["cat/1.png", "cat/old/2.png"])
    }
    // A part, not a folder to pass through.
    try folders.list(["train/a/1.png", "train/b/1.png"]) { listing in
      #expect(listing.isCut)
      #expect(listing.parts.map(\.name) == [.training])
      #expect(listing.notes == [])
    }
    try folders.list(["animals/train/a/1.png", "animals/train/b/1.png", "animals/test/b/2.png"]) {
      listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(folders.paths(listing, .test) == ["animals/test/b/2.png 1"])
      #expect(listing.notes == ["animals in it, the only folder with images"])
    }
  }

  @Test func aClassOfOtherFormatsIsAClass() throws {
    try folders.list(["a/1.png", "b/1.gif"]) { listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(listing.parts[0].emptyClasses == [])
      #expect(listing.problems.map(\.found) == ["one in GIF"])
    }
  }

  @Test func classesOfANetworkAreClasses() throws {
    let files = ["bus/1.png", "train/steam/1.png"]
    #expect(try folders.refusal(of: files) != nil)
    try folders.list(files, classNames: ["bus", "train"]) { listing in
      #expect(!listing.isCut)
      #expect(listing.counts(of: listing.parts[0]) == [1, 1])
    }
  }

  @Test func partsWhoseFilesHaveLabelsAreNotClasses() throws {
    let error = try folders.refusal(of: [
      "train/cat.0.jpg", "train/dog.0.jpg", "loose/1.jpg",
    ])
    #expect(error?.found == "train, named for parts, beside loose")
  }

  @Test func classesThatHoldNearlyTheSameFolders() throws {
    let most = ["x/cat/1.png", "x/dog/1.png", "x/fox/1.png", "y/cat/1.png", "y/dog/1.png"]
    #expect(
      try folders.refusal(of: most)?.found == "x, y, which all hold the folders cat, dog")
    try folders.list(most, layout: .classes) { #expect($0.classNames == ["x", "y"]) }
    try folders.list(most.map { "train/" + $0 }, layout: .parts) { listing in
      #expect(listing.classNames == ["x", "y"])
      #expect(listing.parts.map(\.name) == [.training])
    }
    // One of four in common is chance.
    try folders.list(["x/a/1.png", "x/b/1.png", "y/b/1.png", "y/c/1.png", "y/d/1.png"]) {
      #expect($0.classNames == ["x", "y"])
    }
  }

  @Test func wordsOfPartsInNamesOfClasses() throws {
    // No training among them, or nothing but one part.
    for names in [["big_test", "small_val"], ["cat_train", "dog_train"]] {
      try folders.list(names.map { "\($0)/1.png" }) { listing in
        #expect(listing.classNames == names)
        #expect(!listing.isCut)
      }
    }
  }

  @Test func partsHaveAnOrder() throws {
    try folders.list([
      "pred/1.png", "test/a/1.png", "train/a/1.png", "train/b/1.png", "val/a/1.png",
    ]) { listing in
      #expect(listing.parts.map(\.name) == [.training, .validation, .test, nil])
      #expect(listing.leftOutCount == 1)
    }
  }

  @Test func whatLiesBesideTheFoldersIsCounted() throws {
    try folders.list(["a/1.png", "b/1.png", "plot.gif"]) { listing in
      #expect(listing.leftOut.map(\.description) == ["1 image beside the folders (plot.gif)"])
    }
    try folders.list(["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/x.png"]) { listing in
      #expect(listing.leftOut.map(\.description) == ["1 image beside the folders (test/x.png)"])
    }
    try folders.list(["a/1.png", "b/1.png", "1.TXT", "2.txt", "x.md"]) { listing in
      #expect(
        listing.leftOut.map(\.description) == [
          "2 files ending in .txt (1.TXT …)", "1 file ending in .md (x.md)",
        ])
    }
  }

  @Test func aWrapperOfUnlabelledImagesHoldsNoFolders() throws {
    let error = try folders.refusal(of: [
      "train/a/1.png", "train/b/1.png", "test/other/1.png", "test/other/more/1.png",
    ])
    #expect(error?.expected == "one of the classes a, b")
    #expect(error?.place.hasSuffix("test/other") == true)
  }

  @Test func foldersOfRunsAndOfNotesAreNoEmptyClasses() throws {
    try folders.list([
      "train/a/1.png", "train/b/1.png", "train/runs/1/configuration.json",
      "train/runs/1/history.jsonl", "train/c/notes.txt",
    ]) { listing in
      #expect(listing.parts[0].emptyClasses == [])
      #expect(
        listing.notes == [
          "train/c is no class: it holds files, but no image",
          "run folders passed over: train/runs/1",
        ])
    }
  }

  @Test func twoSpellingsOfAClassAreRefused() throws {
    try withTemporaryFolder { folder in
      // One by one: as keys of a dictionary they are equal.
      for name in ["caf\u{E9}", "cafe\u{301}", "tea"] {
        try write(["\(name)/1.png": []], to: folder)
      }
      let error = #expect(throws: DatasetError.self) { try ImageListing(of: folder) }
      #expect(error?.expected == "names of classes that can be told apart")
    }
    // In two parts they are one class.
    try folders.list(["train/caf\u{E9}/1.png", "train/tea/1.png", "test/cafe\u{301}/1.png"]) {
      #expect($0.part(.test)?.files.map(\.labels) == [[0]])
    }
  }

  @Test func aFolderMayBeReachedByManyLinks() throws {
    try withTemporaryFolder { folder in
      try write(["a/1.png": []], to: folder)
      for name in ["b", "c", "d"] { try link(name, to: "a", in: folder) }
      let listing = try ImageListing(of: folder)
      #expect(listing.classNames == ["a", "b", "c", "d"])
      #expect(listing.counts(of: listing.parts[0]) == [1, 1, 1, 1])
      #expect(listing.notes.count == 3)
    }
  }

  @Test func aPartThatIsALinkToAnotherIsTold() throws {
    try withTemporaryFolder { folder in
      try write(["train/a/1.png": [], "train/b/1.png": []], to: folder)
      try link("test", to: "train", in: folder)
      let listing = try ImageListing(of: folder)
      #expect(
        listing.notes.contains("test/a and train/a are one folder, whose images count in both"))
    }
  }

  @Test func aClassThatHoldsAFolderTwiceIsRefused() throws {
    try withTemporaryFolder { folder in
      try write(["a/old/1.png": [], "b/1.png": []], to: folder)
      try link("a/again", to: "a/old", in: folder)
      let error = #expect(throws: DatasetError.self) { try ImageListing(of: folder) }
      #expect(error?.expected == "each folder once in a class")
    }
  }

  @Test func datesAndNumbersAreNoLabels() throws {
    for names in [["2020-01-03.jpg", "2021-02-04.jpg"], ["1_1.png", "2_1.png"], ["img_1.png"]] {
      try folders.list(names) { #expect($0.labelSource == .none, "\(names)") }
    }
  }
}
