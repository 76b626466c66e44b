import CKernels
import Datasets
import Tensors
import Testing

@Suite struct AugmentationTests {
  static let shapes: [Shape] = [
    [1, 1, 1], [1, 1, 3], [5, 1, 1], [7, 1, 3], [1, 13, 4], [1, 47, 1], [3, 2, 1], [4, 4, 4],
    [5, 3, 3], [11, 7, 3], [2, 67, 1], [3, 31, 2], [3, 29, 3], [2, 23, 4], [3, 37, 5], [2, 9, 7],
    [2, 11, 8], [2, 9, 11], [2, 6, 16], [2, 5, 17], [3, 4, 37],
  ]

  /// Every mirroring and every move by up to four pixels, and nothing outside of the image.
  @Test(arguments: shapes) func pixelsGoWhereTheyShould(shape: Shape) {
    var wrong: [ImageChange] = []
    let image = NumberedImages(shape: shape, count: 1).image(0)
    let margin = [Float](repeating: -1, count: 32)
    for mirrors in [false, true] {
      for turns in [false, true] {
        for down in -min(4, shape[0] - 1)...min(4, shape[0] - 1) {
          for right in -min(4, shape[1] - 1)...min(4, shape[1] - 1) {
            let change = ImageChange(mirrors: mirrors, turns: turns, down: down, right: right)
            var memory = margin + image + margin
            memory.withUnsafeMutableBufferPointer {
              nk_mirror_and_move(
                $0.baseAddress! + margin.count, shape[0], shape[1], shape[2], mirrors, turns, down,
                right)
            }
            if memory != margin + change(image, shape) + margin { wrong.append(change) }
          }
        }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test(arguments: shapes) func everyCombinationIsDrawn(shape: Shape) throws {
    let images = NumberedImages(shape: shape, count: 33)
    let dataset = try images.dataset()
    for horizontal in [false, true] {
      for vertical in [false, true] {
        for shift in Set([0, 1, min(shape[0], shape[1]) - 1])
        where shift < min(shape[0], shape[1]) {
          let augmentation = Augmentation(
            horizontalFlip: horizontal, verticalFlip: vertical, shift: shift)
          let batches = try Batches(
            dataset, size: 8, order: .shuffled(seed: 6, epoch: 2), augmentation: augmentation)
          let expected = images.changed(augmentation, seed: 6, epoch: 2)
          let found = try batches.imagesByLabel()
          let wrong = expected.indices.filter { found[Int32($0)] != expected[$0] }
          #expect(wrong.isEmpty, "\(augmentation)")
        }
      }
    }
  }

  /// The recorded changes are part of what a seed promises.
  @Test func changesOfASeedNeverChange() throws {
    let images = NumberedImages(shape: [3, 3, 1], count: 6)
    let batches = try Batches(
      images.dataset(), size: 6, order: .unshuffled(seed: 1, epoch: 2),
      augmentation: Augmentation(horizontalFlip: true, verticalFlip: true, shift: 1))
    let found = try batches.imagesByLabel()
    #expect(
      (0..<6).map { found[$0] } == [
        [0, 0, 0, 2, 3, 0, 5, 6, 0],
        [0, 15, 14, 0, 18, 17, 0, 0, 0],
        [24, 23, 22, 27, 26, 25, 0, 0, 0],
        [0, 0, 0, 29, 28, 0, 32, 31, 0],
        [0, 0, 0, 44, 43, 0, 41, 40, 0],
        [49, 50, 51, 52, 53, 54, 0, 0, 0],
      ])
  }

  @Test func everyChangeIsEquallyLikely() throws {
    let images = NumberedImages(shape: [5, 5, 1], count: 1)
    var counts: [[Float]: Int] = [:]
    var changes: [[Float]: ImageChange] = [:]
    for mirrors in [false, true] {
      for turns in [false, true] {
        for down in -2...2 {
          for right in -2...2 {
            let change = ImageChange(mirrors: mirrors, turns: turns, down: down, right: right)
            changes[change(images.image(0), images.shape)] = change
          }
        }
      }
    }
    #expect(changes.count == 100)
    let count = 10_000
    let dataset = try SubsetDataset(
      images.dataset(), indices: [Int](repeating: 0, count: count))
    let batches = try Batches(
      dataset, size: 100, order: .unshuffled(seed: 3, epoch: 0),
      augmentation: Augmentation(horizontalFlip: true, verticalFlip: true, shift: 2))
    while let batch = try batches.next() {
      for place in 0..<100 {
        counts[(0..<25).map { batch.floats(0)[place * 25 + $0] }, default: 0] += 1
      }
    }
    // 100 are expected of each; five standard deviations are 50.
    #expect(counts.count == 100)
    for (image, found) in counts {
      #expect((50...150).contains(found), "\(changes[image].map { "\($0)" } ?? "\(image)")")
    }
    for part in [\ImageChange.mirrors, \.turns] {
      let share = counts.filter { changes[$0.key]?[keyPath: part] == true }.values.reduce(0, +)
      #expect((4750...5250).contains(share))
    }
  }

  @Test func whatItDoesNotSuitIsRefused() throws {
    func error(_ augmentation: Augmentation, _ dataset: any Dataset) -> DatasetError? {
      #expect(throws: DatasetError.self) {
        try Batches(
          dataset, size: 1, order: .shuffled(seed: 0, epoch: 0), augmentation: augmentation)
      }
    }
    let flip = Augmentation(horizontalFlip: true)
    let rows = try InMemoryDataset(
      inputs: Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]), labels: [0, 1])
    #expect(
      error(flip, rows)?.description == """
        augmentation: expected images of float32 [height, width, channels] as the first field, found \
        float32 [3]; leave the augmentation out, or give the images their shape.
        """)
    let integers = try InMemoryDataset(
      values: [.integers("input", [1, 2, 3, 4], exampleShape: [2, 2, 1])])
    #expect(error(flip, integers)?.found == "int32 [2, 2, 1]")
    let images = try NumberedImages(shape: [4, 3, 1], count: 2).dataset()
    for shift in [-1, 3, Int.max, Int.min] {
      let error = error(Augmentation(shift: shift), images)
      #expect(error?.kind == .mismatched)
      #expect(error?.expected == "a shift from 0 to 2 pixels for images of [4, 3, 1]")
      #expect(error?.found == "\(shift)")
    }
    let error = #expect(throws: DatasetError.self) {
      try Batches(images, size: 1, augmentation: flip)
    }
    #expect(error?.place == "order")
    #expect(error?.found == "sequential")
  }

  @Test func wordsAreRead() throws {
    #expect(try Augmentation("flip") == Augmentation(horizontalFlip: true))
    #expect(try Augmentation("vertical-flip") == Augmentation(verticalFlip: true))
    #expect(try Augmentation("shift") == Augmentation(shift: 4))
    #expect(
      try Augmentation("shift:12,vertical-flip,flip")
        == Augmentation(horizontalFlip: true, verticalFlip: true, shift: 12))
    for words in ["flip", "vertical-flip", "shift:3", "flip,vertical-flip,shift:4"] {
      #expect(try Augmentation(words).description == words)
    }
    #expect(Augmentation().description == "none")
    for (words, found) in [
      ("", "''"), ("flip,", "''"), ("none", "'none'"), ("Flip", "'Flip'"), ("flip:2", "'flip:2'"),
      ("flip, shift", "' shift'"), ("shift:", "'shift:'"), ("shift:0", "'shift:0'"),
      ("shift:-4", "'shift:-4'"), ("shift:1.5", "'shift:1.5'"), ("shift:2:3", "'shift:2:3'"),
      ("shift:99999999999999999999", "'shift:99999999999999999999'"),
      ("flip,flip", "another 'flip'"), ("shift,flip,shift:3", "another 'shift:3'"),
    ] {
      let error = #expect(throws: DatasetError.self, "\(words)") { try Augmentation(words) }
      #expect(error?.found == found)
    }
  }
}
