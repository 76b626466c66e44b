import CZlib
import Datasets
import Tensors

extension ParserCase {
  /// The cases of `Datasets`.
  static let datasetCases: [ParserCase] = [
    ParserCase("idx", seeds: [plainIDX, SampleBytes.idx([4], [0, 1, 2, 1])], parse: readIDX),
    ParserCase(
      "idx-gzip",
      seeds: [
        SampleBytes.gzip(plainIDX),
        SampleBytes.gzip(Array(plainIDX.prefix(20)))
          + SampleBytes.gzip(Array(plainIDX.dropFirst(20))),
        plainIDX,
      ],
      // A file that is not gzip is packed, so that damage inside gets past the checksum.
      mended: { $0.starts(with: [0x1F, 0x8B]) ? $0 : SampleBytes.gzip($0) }, parse: readIDX),
    ParserCase(
      "idx-wide-labels",
      seeds: [SampleBytes.idx([4, 8], (0..<128).map { $0 % 32 == 3 ? 1 : 0 }, type: 0x0C)],
      parse: readIDX),
    ParserCase("cifar", seeds: [SampleBytes.cifar(labels: [3, 9])], parse: readCIFAR),
    ParserCase(
      "cifar-100", seeds: [SampleBytes.cifar(labels: [3, 9], coarse: [1, 2])], parse: readCIFAR100),
    ParserCase(
      "class-names", seeds: [Array("airplane\nautomobile\r\nbird\n\ncat\n".utf8)],
      parse: { bytes in
        let names = try CIFARFolder.classNames(in: reader(bytes))
        try check((1...256).contains(names.count) && !names.contains(""), "\(names.count) names")
      }),
    ParserCase(
      "numbers",
      // Four zeros in a row are read in a way of their own, which no mutation comes upon.
      seeds: ["1,-2.5,3e2,+4,.5,6", "0.1 2\t3 4 5 6", "1 , 2,3,4,5,6\r", "0,0,0,0,7,8"].map {
        Array($0.utf8)
      },
      parse: { bytes in
        var numbers: [Float] = []
        try NumberRow.parse(bytes, count: 6, place: fileName, into: &numbers)
        try check(numbers.count == 6 && numbers.allSatisfy(\.isFinite), "\(numbers)")
      }),
  ]

  private static let plainIDX = SampleBytes.idx([2, 3, 4], (0..<24).map { UInt8($0 * 10) })

  private static func reader(_ bytes: [UInt8]) throws -> DecompressingReader {
    try DecompressingReader(bytes: bytes, name: fileName)
  }

  @Sendable private static func readIDX(_ bytes: [UInt8]) throws {
    let file = try IDXFile(bytes: bytes, name: fileName)
    let byteCount = file.shape.count * file.elementType.byteCount
    try check(file.bytes.count == byteCount, "\(file.bytes.count) for \(file.shape)")
    guard file.shape.rank < 3 else {
      let labels = try IDXFile(
        bytes: SampleBytes.idx([2], [0, 1]), name: fileName)
      _ = try ByteImageDataset(images: file, labels: labels)
      return
    }
    _ = try ByteImageDataset(
      images: IDXFile(bytes: SampleBytes.idx([4, 1, 1], [0, 1, 2, 3]), name: fileName), labels: file
    )
  }

  @Sendable private static func readCIFAR(_ bytes: [UInt8]) throws {
    let names = (0..<10).map(String.init)
    let dataset = try CIFARRecords(form: .cifar10).read([reader(bytes)], classNames: names)
    try check(dataset.count == bytes.count / 3073, "\(dataset.count) images")
  }

  @Sendable private static func readCIFAR100(_ bytes: [UInt8]) throws {
    let names = (0..<20).map(String.init)
    let dataset = try CIFARRecords(form: .cifar100, labels: .coarse)
      .read([reader(bytes)], classNames: names)
    try check(dataset.count == bytes.count / 3074, "\(dataset.count) images")
  }
}
