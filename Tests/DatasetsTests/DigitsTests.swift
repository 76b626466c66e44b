import Datasets
import Tensors
import Testing

@Suite struct DigitsTests {
  @Test func theImagesAreTheSource() throws {
    let all = try Digits.loadAll()
    #expect(all.count == 1797)
    #expect(all.imageShape == [8, 8, 1])
    var sum = 0
    var weighted = 0
    for image in 0..<all.count {
      for (place, value) in all.image(at: image).enumerated() {
        sum += Int(value)
        weighted += (image + 1) * Int(value) % 1_000_003 * (place + 1) % 1_000_003
      }
    }
    // Computed from scikit-learn's file.
    #expect(sum == 561_718)
    #expect(weighted == 13_655_190_563)
    let labels = all.labels ?? []
    #expect(
      (0..<10).map { label in labels.count { $0 == label } }
        == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
  }

  @Test func theTestPartIsFixed() throws {
    let digits = try Digits.load()
    #expect(digits.training.count == 1442)
    #expect(digits.test.count == 355)
    #expect(digits.training.classNames == digits.test.classNames)
    #expect(digits.test.classNames?.count == 10)
    let all = try Digits.loadAll()
    let first = [33, 36, 37, 40, 44, 47, 51, 58, 59, 64, 78, 84]
    for (place, index) in first.enumerated() {
      #expect(digits.test.image(at: place) == all.image(at: index))
    }
  }
}
