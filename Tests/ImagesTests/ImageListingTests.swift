import Datasets
import FilePaths
import Foundation
import Images
import Testing

/// What folders stand for.
///
/// The files are empty: only names and places count.
@Suite struct ImageListingTests {
  /// Lists a folder that holds these files.
  func list(
    _ paths: [String], layout: ImageLayout? = nil, labels: String? = nil,
    classNames: [String]? = nil, _ body: (ImageListing) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try write(Dictionary(uniqueKeysWithValues: paths.map { ($0, []) }), to: folder)
      var list: URL?
      if let labels {
        list = folder.appendingPathComponent("labels.csv")
        try write(["labels.csv": Array(labels.utf8)], to: folder)
      }
      try body(ImageListing(of: folder, layout: layout, labels: list, classNames: classNames))
    }
  }

  /// The error of listing a folder that holds these files.
  func refusal(
    of paths: [String], layout: ImageLayout? = nil, labels: String? = nil
  ) throws -> DatasetError? {
    var refusal: DatasetError?
    do {
      try list(paths, layout: layout, labels: labels) { _ in }
    } catch let error as DatasetError {
      refusal = error
    }
    return refusal
  }

  func paths(_ listing: ImageListing, _ part: DataPart) -> [String] {
    listing.part(part)?.files.map {
      "\($0.path) \($0.labels.map(String.init).joined(separator: "+"))"
    }
      ?? []
  }

  @Test func aFolderAClass() throws {
    try list(["cat/2.png", "cat/1.jpg", "dog/1.png", "README.md", "cat/x", "dog/b.xml"]) {
      listing in
      #expect(listing.classNames == ["cat", "dog"])
      #expect(!listing.isCut)
      #expect(listing.labelSource == .folders)
      #expect(paths(listing, .training) == ["cat/1.jpg 0", "cat/2.png 0", "dog/1.png 1"])
      #expect(
        listing.leftOut.map(\.description) == [
          "1 file that has no ending and is no image (cat/x)", "1 file ending in .md (README.md)",
          "1 file ending in .xml (dog/b.xml)",
        ])
    }
  }

  @Test(arguments: [
    ("train", "val", "test"), ("Training", "Validation", "TESTING"),
    ("training_set", "valid_set", "test_set"), ("seg_train", "dev", "seg_test"),
    ("train2017", "val2017", "test2017"), ("trainset", "valid", "eval"),
    ("train-images", "val-images", "test-images"),
  ])
  func namesOfParts(names: (String, String, String)) throws {
    let files = [names.0, names.1, names.2].flatMap { ["\($0)/a/1.png", "\($0)/b/1.png"] }
    try list(files) { listing in
      #expect(listing.isCut)
      #expect(listing.classNames == ["a", "b"])
      #expect(paths(listing, .training) == ["\(names.0)/a/1.png 0", "\(names.0)/b/1.png 1"])
      #expect(paths(listing, .validation) == ["\(names.1)/a/1.png 0", "\(names.1)/b/1.png 1"])
      #expect(paths(listing, .test) == ["\(names.2)/a/1.png 0", "\(names.2)/b/1.png 1"])
    }
  }

  @Test(arguments: ["cat", "trains", "contest", "latest", "valley", "2017", "device", "trainer"])
  func namesOfClasses(name: String) throws {
    try list(["\(name)/a/1.png", "\(name)/1.png", "other/1.png"]) { listing in
      #expect(!listing.isCut)
      #expect(listing.classNames.contains(name))
    }
  }

  @Test func foldersThatWrapArePassedThrough() throws {
    try list(["images/cat/1.png", "images/dog/1.png", "docs/a.txt"]) { listing in
      #expect(listing.classNames == ["cat", "dog"])
      #expect(listing.notes == ["images in it, the only folder with images"])
    }
    try list([
      "intel/seg_train/seg_train/a/1.png", "intel/seg_train/seg_train/b/1.png",
      "intel/seg_test/seg_test/a/1.png", "intel/seg_pred/seg_pred/1.png",
    ]) { listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(paths(listing, .test) == ["intel/seg_test/seg_test/a/1.png 0"])
      let unlabelled = listing.parts.filter { !$0.isLabelled }
      #expect(unlabelled.map(\.folder) == ["intel/seg_pred"])
      #expect(unlabelled.first?.files.map(\.path) == ["intel/seg_pred/seg_pred/1.png"])
    }
    // A network knows that the folder is one of its classes.
    try list(["cat/old/1.png", "cat/new/1.png"], classNames: ["cat", "dog"]) { listing in
      #expect(paths(listing, .training) == ["cat/new/1.png 0", "cat/old/1.png 0"])
    }
  }

  @Test func aClassThatIsCalledTrain() throws {
    let files = ["bus/1.png", "car/1.png", "train/steam/1.png", "train/diesel/1.png"]
    let error = try refusal(of: files)
    #expect(error?.found.contains("train, named for parts, beside bus, car") == true)
    #expect(error?.advice.contains("--layout classes") == true)
    try list(files, layout: .classes) { listing in
      #expect(listing.classNames == ["bus", "car", "train"])
      #expect(listing.counts(of: listing.parts[0]) == [1, 1, 2])
      #expect(listing.notes == ["images in folders inside of train belong to it"])
    }
    try list(files, layout: .parts) { listing in
      #expect(listing.classNames == ["diesel", "steam"])
      #expect(
        listing.leftOut.map(\.description) == [
          "2 images in folders beside the parts (bus …)"
        ])
    }
    // Where all hold their images directly, nothing is open.
    try list(["bus/1.png", "train/1.png"]) { listing in
      #expect(listing.classNames == ["bus", "train"])
      #expect(listing.notes == ["train taken for a class, like the folders beside it"])
    }
    #expect(try refusal(of: ["cat/1.png", "dog/1.png"], layout: .parts) != nil)
  }

  @Test func foldersThatContradictEachOther() throws {
    let double = try refusal(of: ["train/a/1.png", "training/a/1.png"])
    #expect(double?.found == "train and training")
    let level = try refusal(of: ["x/cat/1.png", "x/dog/1.png", "y/cat/1.png", "y/dog/1.png"])
    #expect(level?.found == "x, y, which all hold the folders cat, dog")
    #expect(level?.advice.contains("--layout classes") == true)
    try list(["x/cat/1.png", "y/cat/1.png"], layout: .classes) { listing in
      #expect(listing.classNames == ["x", "y"])
    }
    let inPart = try refusal(
      of: ["train/x/cat/1.png", "train/x/dog/1.png", "train/y/cat/1.png", "train/y/dog/1.png"])
    #expect(inPart?.found == "x, y, which all hold the folders cat, dog")
    #expect(inPart?.advice.contains("--layout parts") == true)
    // One folder in each is no level of classes.
    try list(["train/x/images/1.png", "train/y/images/1.png"]) { listing in
      #expect(listing.classNames == ["x", "y"])
    }
    let nested = try refusal(
      of: ["cells/a/1.png", "cells/b/1.png", "cells/cells/a/1.png", "cells/cells/b/1.png"])
    #expect(nested?.found == "cells, which holds folders named like those beside it: a, b")
    let again = try refusal(of: ["a/1.png", "b/1.png", "all/a/1.png", "all/b/1.png"])
    #expect(again?.found == "all, which holds folders named like those beside it: a, b")
    let other = try refusal(of: ["train/a/1.png", "train/b/1.png", "test/c/1.png", "test/d/1.png"])
    #expect(other?.expected == "one of the classes a, b")
    // Folders of its own in each class are nobody's mistake.
    try list(["cat/old/1.png", "dog/puppy/1.png"]) { listing in
      #expect(listing.classNames == ["cat", "dog"])
    }
  }

  @Test func partsByWordsOfTheirNames() throws {
    for (train, test) in [
      ("asl_alphabet_train", "asl_alphabet_test"), ("MyTrain", "MyTest"), ("trainA", "testA"),
    ] {
      try list(["\(train)/a/1.png", "\(train)/b/1.png", "\(test)/1.png"]) { listing in
        #expect(listing.classNames == ["a", "b"])
        #expect(listing.part(.training)?.files.count == 2)
        #expect(listing.parts.last?.isLabelled == false)
      }
    }
    try list(["train_station/1.png", "bus_station/1.png"]) { listing in
      #expect(listing.classNames == ["bus_station", "train_station"])
    }
  }

  @Test func aFolderThatIsNoClassWrapsImagesWithoutLabels() throws {
    for folder in ["test/images", "test/unknown", "test/test"] {
      try list(["train/a/1.png", "train/b/1.png", "\(folder)/1.png"]) { listing in
        #expect(listing.classNames == ["a", "b"])
        #expect(listing.part(.test) == nil)
        #expect(listing.parts.last?.files.map(\.path) == ["\(folder)/1.png"])
      }
    }
  }

  @Test func foldersThatAreTwoClassesAreTold() throws {
    try withTemporaryFolder { folder in
      try write(["a/1.png": []], to: folder)
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/b", withDestinationPath: folder.path + "/a")
      let listing = try ImageListing(of: folder)
      #expect(listing.notes == ["b and a are one folder, whose images count in both"])
    }
  }

  @Test func whatIsPassedOver() throws {
    try list([
      "a/1.png", "b/1.png", "__MACOSX/a/._1.png", ".ipynb_checkpoints/c/1.png", "a/.hidden.png",
      "runs/configuration.json", "runs/history.jsonl", "runs/checkpoints/1.safetensors",
      "a/Thumbs.db",
      "@eaDir/d/1.png",
    ]) { listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(listing.parts[0].files.count == 2)
      #expect(listing.leftOut.isEmpty)
      #expect(listing.notes == ["run folders passed over: runs"])
    }
  }

  /// A folder that holds files but no image is no class that lost its images.
  @Test func foldersOfOtherFiles() throws {
    try list(["a/1.png", "b/1.png", "notes/xml/1.xml", "notes/xml/2.xml"]) { listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(listing.parts[0].emptyClasses.isEmpty)
      #expect(listing.notes == ["notes is no class: it holds files, but no image"])
      #expect(listing.leftOut.map(\.description) == ["2 files ending in .xml (notes/xml/1.xml …)"])
    }
    try list(["train/a/1.png", "train/b/1.png", "train/c/x.txt", "train/d/x.json"]) { listing in
      #expect(listing.classNames == ["a", "b"])
      #expect(
        listing.notes == ["2 folders are no classes (train/c …): they hold files, but no image"])
    }
    try withTemporaryFolder { folder in
      try write(["a/1.png": [], "b/1.png": []], to: folder)
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("c/d"), withIntermediateDirectories: true)
      #expect(try ImageListing(of: folder).parts[0].emptyClasses == ["c"])
    }
    // Files that are meant as images, and cannot be read.
    try list(["a/1.png", "b/1.png", "c/1.gif"]) { listing in
      #expect(listing.classNames == ["a", "b", "c"])
      #expect(listing.problems.count == 1)
    }
  }

  @Test func imagesBesideTheFolders() throws {
    try list(["a/1.png", "b/1.png", "sample.png", "plot.png"]) { listing in
      #expect(listing.parts[0].files.count == 2)
      #expect(listing.leftOut.map(\.description) == ["2 images beside the folders (plot.png …)"])
    }
  }

  @Test func namesOfFilesAreLabels() throws {
    try list(["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog (12).png", "big_dog-3.png"]) { listing in
      #expect(listing.labelSource == .fileNames)
      #expect(listing.classNames == ["big_dog", "cat", "dog"])
      #expect(
        paths(listing, .training) == [
          "big_dog-3.png 0", "cat.0.jpg 1", "cat.1.jpg 1", "dog (12).png 2", "dog.0.jpg 2",
        ])
    }
    try list(["train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg", "test1/2.jpg"]) { listing in
      #expect(paths(listing, .training) == ["train/cat.0.jpg 0", "train/dog.0.jpg 1"])
      #expect(listing.part(.test) == nil)
      #expect(listing.parts.last?.files.count == 2)
      #expect(listing.parts.last?.isLabelled == false)
    }
    // Cameras give names, too.
    for names in [["IMG_1.jpg", "DSC_2.jpg"], ["cat.0.jpg", "sunset.jpg"], ["1.jpg", "2.jpg"]] {
      try list(names) { listing in
        #expect(listing.labelSource == .none)
        #expect(listing.parts.map(\.isLabelled) == [false])
      }
    }
  }

  @Test func listsOfLabels() throws {
    let files = ["a/1.png", "a/2.png", "b/3.jpg", "b/4.jpg"]
    for (text, labels) in [
      ("1.png,cat\n2.png,dog\n3.jpg,cat\n", ["a/1.png 0", "b/3.jpg 0", "a/2.png 1"]),
      ("filename;label\n./a/1.png;dog\nb/3.jpg;cat\n", ["b/3.jpg 0", "a/1.png 1"]),
      ("id,breed\n1,dog\n4,cat\n2,dog\n", ["b/4.jpg 0", "a/1.png 1", "a/2.png 1"]),
      ("label,path\nx,data/a/1.png\ny,data/a/2.png\n", ["a/1.png 0", "a/2.png 1"]),
      ("file,labels\n1.png,sun|sea|sun\n2.png,sea\n", ["a/2.png 0", "a/1.png 1+0"]),
      ("what,kind\n1.png,x\n2.png,y\n", ["a/1.png 0", "a/2.png 1"]),
      ("data\\a\\1.png,x\nb\\4.jpg,y\n", ["a/1.png 0", "b/4.jpg 1"]),
      ("\u{FEFF}file\tclass\r\n1.png\tx\r\n\"4.jpg\"\t\"y\"\r\n", ["a/1.png 0", "b/4.jpg 1"]),
      ("1,x\n4,y\n2,x\n", ["a/1.png 0", "a/2.png 0", "b/4.jpg 1"]),
      ("lesion,image_id,dx\n7,1,bkl\n8,2,nv\n", ["a/1.png 0", "a/2.png 1"]),
      (
        "image,sea,sun\n1.png,1,1\n2.png,0,0\n3.jpg,0,1\n",
        ["a/2.png ", "a/1.png 0+1", "b/3.jpg 1"]
      ),
    ] {
      try list(files, labels: text) { listing in
        #expect(listing.labelSource == .list)
        #expect(paths(listing, .training).sorted() == labels.sorted(), "\(text)")
        #expect(listing.leftOut.contains { $0.reason.contains("not in the list") })
      }
    }
    try list(files, labels: "file,label,split\n1.png,a,train\n2.png,b,train\n3.jpg,a,test\n") {
      #expect($0.isCut)
      #expect(paths($0, .training) == ["a/1.png 0", "a/2.png 1"])
      #expect(paths($0, .test) == ["b/3.jpg 0"])
    }
    // Folders named for parts say the part where the list does not.
    try list(["train/1.png", "train/2.png", "test/3.png"], labels: "1.png,a\n2.png,b\n3.png,a\n") {
      #expect(paths($0, .test) == ["test/3.png 0"])
    }
  }

  /// Names of files are bytes, in a list, too.
  @Test func listsInLatin1() throws {
    try withTemporaryFolder { folder in
      for name in [#"\xE9t\xE9.png"#, "b.png"] {
        #expect(FileSystem.write([], to: folder.path + "/" + name))
      }
      let list = folder.appendingPathComponent("labels.csv")
      let text: [UInt8] =
        [0xE9, 0x74, 0xE9] + Array(".png;hiver\r\nb.png;".utf8) + [0xE9, 0x74, 0xE9, 0x0D, 0x0A]
      try Data(text).write(to: list)
      let listing = try ImageListing(of: folder, labels: list)
      #expect(listing.classNames == [#"\xE9t\xE9"#, "hiver"])
      #expect(paths(listing, .training) == ["b.png 0", #"\xE9t\xE9.png 1"#])
      #expect(listing.problems.isEmpty)
    }
  }

  @Test func listsThatAreWrong() throws {
    let files = ["a/1.png", "b/1.png"]
    #expect(try refusal(of: files, labels: "1.png,x\n")?.expected == "a name that means one file")
    #expect(try refusal(of: files, labels: "a/1.png,x\na/1.png,y\n")?.expected == "each file once")
    #expect(try refusal(of: files, labels: "9.png,x\n")?.found == "none; the first is \"9.png\"")
    #expect(try refusal(of: files, labels: "")?.found == "no line")
    #expect(
      try refusal(of: files, labels: "no,image,kind\n1,a/1.png,x\n")?.found
        == "the columns no, image, kind")
    let marks = String(repeating: "\u{301}", count: 3000)
    #expect(
      try refusal(of: files, labels: "a/1.png,x\(marks)\nb/1.png,y\(marks)\n")?.found
        == "6001 bytes")
    #expect(try refusal(of: files, labels: "a/1.png,\n")?.found == "an empty field")
    #expect(
      try refusal(of: files, labels: "file,label,split\na/1.png,x,maybe\n")?.found == "\"maybe\"")
    try list(files, labels: "a/1.png,x\nb/1.png,y\nc/1.png,y\n") { listing in
      #expect(listing.problems.map(\.found) == ["\"c/1.png\""])
    }
  }

  @Test func otherFormatsAreNamed() throws {
    try list(["a/1.png", "a/2.gif", "b/1.png", "b/x/3.TIFF"]) { listing in
      #expect(listing.problems.map { $0.place.hasSuffix("a/2.gif") } == [true, false])
      #expect(
        listing.problems.map(\.found) == [
          "one in GIF", "one in TIFF",
        ])
    }
  }
}
