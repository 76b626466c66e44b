import Foundation
import Testing

/// Memory that a limit leaves: what is advised fits, and what cannot fit is refused.
@Suite(
  "Memory under limits", .disabled(if: Tool.isSanitized, "sanitizers take terabytes of addresses"))
struct MemoryLimitTests {
  /// Runs a training of one step under a limit.
  private func train(
    _ limit: String, _ options: String, batch: Int, in folder: TemporaryFolder
  ) throws -> Tool.Run {
    try Tool.shell(
      """
      ulimit \(limit)
      timeout -s KILL 300 "$TOOL" train \(options) --batch \(batch) --epochs 1 --threads 2 --quiet
      """, in: folder.url)
  }

  /// The batch that a refusal advises.
  private func advice(_ run: Tool.Run) -> Int? {
    run.errors.firstMatch(of: /batches of up to (\d+) would fit/).flatMap { Int($0.1) }
  }

  @Test(
    "A batch that is advised trains to the end, and one far above it is refused",
    arguments: [
      ("-v 450000", ""), ("-d 250000", ""), ("-v 700000", "--convolution im2row"),
      ("-d 550000", "--convolution im2row"),
    ])
  func advice(_ limit: String, _ options: String) throws {
    let folder = try TemporaryFolder()
    let network = try folder.network()
    let all = "--data digits --model '\(network)' \(options)"
    let refused = try train(limit, all, batch: 1442, in: folder)
    #expect(refused.status == 71, "\(refused.errors)")
    let most = try #require(advice(refused), "\(refused.errors)")
    #expect(most > 1 && most < 1442)
    let trained = try train(limit, all, batch: most, in: folder)
    #expect(trained.status == 0, "\(most): \(trained.errors)")
    let larger = try train(limit, all, batch: most * 3 / 2, in: folder)
    #expect(larger.status == 71, "\(most): \(larger.errors)")
  }

  @Test("What decodes large photos is counted")
  func photos() throws {
    let folder = try TemporaryFolder()
    // 20 MB as stored, 60 MB in colour, and as much as stored for the file: for each thread.
    let photo = PictureFolder.blackPNG(width: 5000, height: 4000)
    for name in ["a", "b"] {
      let place = folder.url.appendingPathComponent("photos/train/\(name)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for number in 0..<3 { try photo.write(to: place.appendingPathComponent("\(number).png")) }
    }
    let options = "--data photos --input 8x8x3 --model mlp"
    let refused = try train("-d 200000", options, batch: 4, in: folder)
    #expect(refused.status == 71, "\(refused.errors)")
    #expect(advice(refused) == 1, "\(refused.errors)")
    let trained = try train("-d 200000", options, batch: 1, in: folder)
    #expect(trained.status == 0, "\(trained.errors)")
    let free = try train("-d 400000", options, batch: 4, in: folder)
    #expect(free.status == 0, "\(free.errors)")
  }

  @Test(
    "Benchmarks without memory say so",
    arguments: [
      ("-v 200000", "bench peak --seconds 0.01 --threads 1"),
      ("-d 100000", "bench peak --seconds 0.01 --threads 1"),
      ("-v 200000", "bench kernels --model resnet50 --seconds 0.001 --threads 1"),
      ("-d 100000", "bench kernels --product 8192x8192x4 --seconds 0.001 --threads 1"),
      ("-v 500000", "bench data --images 1000000 --seconds 0.001 --threads 1"),
    ])
  func benchmarks(_ limit: String, _ command: String) throws {
    let run = try Tool.shell("ulimit \(limit); timeout -s KILL 300 \"$TOOL\" \(command)")
    #expect(run.status == 71, "\(run.errors)")
    #expect(run.errors.contains(" of memory, found "), "\(run.errors)")
  }

  @Test("More threads than OpenBLAS has buffers train to the same bits")
  func manyThreads() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      for threads in 1 100; do
        timeout -s KILL 300 "$TOOL" train --data digits --model digits-cnn --epochs 1 --batch 256 \
          --convolution im2row --threads $threads --output $threads --quiet || exit $?
      done
      cmp 1/model.safetensors 100/model.safetensors
      """, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
  }
}

extension TemporaryFolder {
  /// A network with few weights and large activations: batches decide what it takes.
  fileprivate func network() throws -> String {
    let text = """
      layers:
        - Conv2D: {outputChannels: 512, kernelSize: 1, padding: same, activation: relu}
        - GlobalAveragePool2D
        - Dense: classes
      """
    let file = path("network.yaml")
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }
}
