import Images
import Tensors
import Testing

/// The definition, in floating point: a triangle around the centre of the new pixel.
private func reference(_ image: Image, width: Int, height: Int) -> [Double] {
  func weights(from source: Int, to destination: Int) -> [[Double]] {
    let scale = Double(source) / Double(destination)
    let support = max(scale, 1)
    return (0..<destination).map { position in
      let center = (Double(position) + 0.5) * scale
      let exact = (0..<source).map { max(0, 1 - abs(Double($0) + 0.5 - center) / support) }
      let sum = exact.reduce(0, +)
      return exact.map { $0 / sum }
    }
  }
  let across = weights(from: image.width, to: width)
  let down = weights(from: image.height, to: height)
  var result: [Double] = []
  for y in 0..<height {
    for x in 0..<width {
      for channel in 0..<image.channels {
        var sum = 0.0
        for sourceY in 0..<image.height where down[y][sourceY] > 0 {
          for sourceX in 0..<image.width where across[x][sourceX] > 0 {
            let place = (sourceY * image.width + sourceX) * image.channels + channel
            sum += down[y][sourceY] * across[x][sourceX] * Double(image.pixels[place])
          }
        }
        result.append(sum)
      }
    }
  }
  return result
}

@Suite struct ResizingTests {
  static let sizes = [(1, 1), (2, 3), (7, 5), (16, 16), (31, 33), (64, 9)]

  @Test(arguments: sizes, sizes) func agreesWithTheDefinition(from: (Int, Int), to: (Int, Int)) {
    for channels in [1, 3] {
      let count = from.0 * from.1 * channels
      let image = Image(
        width: from.0, height: from.1, channels: channels,
        pixels: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ $0 / 7 &* 31) })
      let resized = image.resized(width: to.0, height: to.1)
      let expected = reference(image, width: to.0, height: to.1)
      #expect(resized.width == to.0 && resized.height == to.1 && resized.channels == channels)
      #expect(zip(resized.pixels, expected).allSatisfy { abs(Double($0) - $1) <= 0.52 })
    }
  }

  @Test func theSameSizeIsTheSameImage() {
    let image = gradient(width: 13, height: 8, channels: 3)
    #expect(image.resized(width: 13, height: 8) == image)
  }

  @Test(arguments: [0, 1, 127, 128, 255]) func flatImagesStayFlat(value: UInt8) {
    let image = flat(value, width: 37, height: 23)
    for (width, height) in [(1, 1), (5, 60), (100, 3), (36, 24)] {
      #expect(image.resized(width: width, height: height).pixels.allSatisfy { $0 == value })
    }
  }

  @Test func halvingWeighsByTheTriangle() {
    // Weights 1/8, 3/8, 3/8, 1/8 inside; cut and rescaled at the border.
    let image = Image(width: 4, height: 1, channels: 1, pixels: [0, 70, 140, 210])
    #expect(image.resized(width: 2, height: 1).pixels == [50, 160])
  }

  @Test func greyIsTheLuma() {
    let image = Image(
      width: 5, height: 1, channels: 3,
      pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30])
    #expect(image.converted(toChannels: 1).pixels == [76, 150, 29, 255, 18])
    #expect(
      image.converted(toChannels: 1).converted(toChannels: 3).pixels.prefix(3) == [76, 76, 76])
    #expect(image.tensor().shape == [1, 5, 3])
    #expect(image.tensor()[0, 4, 2] == 30)
  }
}
