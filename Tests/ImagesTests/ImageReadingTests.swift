import Datasets
import Images
import Testing

@Suite struct ImageReadingTests {
  @Test func wordsGoBothWays() throws {
    for orientation in ImageReading.Orientation.allCases {
      for resizing in ImageReading.Resizing.allCases {
        let reading = ImageReading(orientation: orientation, resizing: resizing)
        #expect(try ImageReading(reading.description) == reading)
      }
    }
    #expect(ImageReading().description == "upright,squash")
    #expect(try ImageReading("crop") == ImageReading(resizing: .crop))
    #expect(try ImageReading("as-stored") == ImageReading(orientation: .asStored))
    #expect(
      try ImageReading("crop,as-stored") == ImageReading(orientation: .asStored, resizing: .crop))
    for words in ["", "upright,", "crop,crop", "upright,as-stored", "Crop", "none"] {
      let error = #expect(throws: DatasetError.self) { try ImageReading(words) }
      #expect(error?.kind == .mismatched, "\(words)")
    }
  }

  @Test func aCropKeepsProportions() throws {
    // Thirds of 0, 90 and 180 from left to right: the middle one is 90, and some of its neighbours
    // counts at its edges.
    let rows = (0..<4).map { _ in (0..<12).map { UInt8($0 / 4 * 90) } }
    let wide = Image(width: 12, height: 4, channels: 1, pixels: rows.flatMap(\.self))
    #expect(wide.resized(width: 2, height: 2, .crop).pixels.allSatisfy { (75...105).contains($0) })
    #expect(wide.resized(width: 2, height: 2).pixels == [37, 143, 37, 143])
    let tall = Image(
      width: 4, height: 12, channels: 1, pixels: (0..<48).map { UInt8($0 / 16 * 90) })
    #expect(tall.resized(width: 2, height: 2, .crop).pixels.allSatisfy { (75...105).contains($0) })
    // The same proportions lose nothing.
    #expect(wide.resized(width: 6, height: 2, .crop) == wide.resized(width: 6, height: 2))
    let file = png(wide)
    #expect(
      try Image(decoding: file, size: (2, 2), reading: ImageReading(resizing: .crop))
        == wide.resized(width: 2, height: 2, .crop))
    #expect(try Image(decoding: file, size: (2, 2)) == wide.resized(width: 2, height: 2))
  }
}
