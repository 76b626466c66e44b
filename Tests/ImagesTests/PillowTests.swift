import Images
import Testing

/// Pixels against those that Pillow reads: within one grey level.
@Suite struct PillowTests {
  @Test func filesOfEveryKind() throws {
    let cases = try RecordedCases.load().images
    #expect(cases.count > 80)
    for recorded in cases {
      let file = Array(recorded.file)
      for (channels, pixels) in [(1, recorded.grey), (3, recorded.color)] {
        let image = try Image(decoding: file, name: recorded.name, channels: channels)
        #expect(
          image.width == recorded.width && image.height == recorded.height, "\(recorded.name)")
        let distance = largestDistance(image.pixels, pixels)
        #expect(
          distance.map { $0 <= 1 } == true, "\(recorded.name), \(channels): \(distance ?? -1)")
      }
    }
  }

  @Test func everyResize() throws {
    let resizes = try RecordedCases.load().resizes
    #expect(!resizes.isEmpty)
    for recorded in resizes {
      #expect(!recorded.made.isEmpty)
      let image = Image(
        width: recorded.width, height: recorded.height, channels: recorded.channels,
        pixels: Array(recorded.pixels))
      for made in recorded.made {
        let resizing = try #require(ImageReading.Resizing(rawValue: made.resizing))
        let resized = image.resized(width: made.width, height: made.height, resizing)
        let distance = largestDistance(resized.pixels, made.pixels)
        #expect(
          distance.map { $0 <= 1 } == true,
          "\(image.width) × \(image.height), \(made.resizing) to \(made.width) × \(made.height)")
        // A file that is resized as it is decoded.
        let decoded = try Image(
          decoding: png(image), size: (made.height, made.width),
          reading: ImageReading(resizing: resizing))
        #expect(decoded == resized)
      }
    }
  }
}
