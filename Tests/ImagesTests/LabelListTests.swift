import Datasets
import Images
import Testing

/// Lists of files and labels: which part, which file, what is missing.
@Suite struct LabelListTests {
  private let folders = ImageListingTests()

  private func paths(_ listing: ImageListing, _ part: DataPart) -> [String] {
    folders.paths(listing, part)
  }

  @Test func foldersNamedForPartsSayThePart() throws {
    let files = ["data/train/1.png", "data/train/2.png", "data/test/3.png"]
    let text = "1.png,a\n2.png,b\n3.png,a\n"
    try folders.list(files, labels: text) { listing in
      #expect(listing.isCut)
      #expect(paths(listing, .training) == ["data/train/1.png 0", "data/train/2.png 1"])
      #expect(paths(listing, .test) == ["data/test/3.png 0"])
    }
    try folders.list(files, layout: .classes, labels: text) { listing in
      #expect(!listing.isCut)
      #expect(listing.part(.training)?.files.count == 3)
    }
  }

  @Test func aListOfOnePartIsThatPart() throws {
    try folders.list(["1.png", "2.png"], labels: "file,label,split\n1.png,a,test\n2.png,b,test\n") {
      #expect($0.isCut)
      #expect($0.part(.training) == nil)
      #expect(paths($0, .test) == ["1.png 0", "2.png 1"])
    }
    // No word is no part.
    try folders.list(["1.png", "2.png"], labels: "file,label,split\n1.png,a,\n2.png,b,val\n") {
      #expect(paths($0, .training) == ["1.png 0"])
      #expect(paths($0, .validation) == ["2.png 1"])
    }
    try folders.list(
      ["1.png", "2.png"], labels: "image,split,sea,sun\n1.png,train,1,0\n2.png,test,0,1\n"
    ) {
      #expect($0.classNames == ["sea", "sun"])
      #expect(paths($0, .training) == ["1.png 0"])
      #expect(paths($0, .test) == ["2.png 1"])
      #expect($0.notes == ["labels.csv: file: image, label: 2 columns of 0 and 1, part: split"])
    }
    // A table's own numbering, which looks like a label of the two.
    try folders.list(
      ["1.png", "2.png"], labels: ",image,sea,sun\n0,1.png,1,0\n1,2.png,0,1\n"
    ) {
      #expect($0.classNames == ["sea", "sun"])
    }
  }

  @Test func filesThatAreMissingAreProblems() throws {
    let files = ["a.png", "b.png"]
    // The first line names no file, and is no head.
    try folders.list(files, labels: "9.png,x\na.png,x\nb.png,y\n") { listing in
      #expect(listing.problems.map(\.found) == ["\"9.png\""])
      #expect(listing.problems.first?.place.hasSuffix("labels.csv, line 1") == true)
    }
    // Also where they are all of a part.
    try folders.list(
      files, labels: "file,label,split\na.png,x,train\nb.png,y,train\ngone.png,x,test\n"
    ) { listing in
      #expect(listing.isCut)
      #expect(listing.part(.test)?.files == [])
      #expect(listing.problems.map(\.found) == ["\"gone.png\""])
    }
  }

  @Test func otherFormatsInAListAreNamed() throws {
    try folders.list(["a.png", "b.gif", "c.png"], labels: "a.png,x\nb.gif,x\nc.png,y\n") {
      #expect(paths($0, .training) == ["a.png 0", "c.png 1"])
      #expect($0.problems.map(\.found) == ["one in GIF"])
    }
  }

  @Test func aWholePathMeansThatFile() throws {
    try folders.list(["1.png", "a/1.png"], labels: "1.png,x\na/1.png,y\n") {
      #expect(paths($0, .training) == ["1.png 0", "a/1.png 1"])
    }
  }

  @Test func labelsWithBlanksAround() throws {
    try folders.list(["1.png", "2.png"], labels: "1.png,sun | sea\n2.png,\" sea \"\n") {
      #expect($0.classNames == ["sea", "sun"])
      #expect(paths($0, .training).sorted() == ["1.png 1+0", "2.png 0"])
    }
  }
}
