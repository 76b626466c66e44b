import Foundation
import Testing

/// What cannot be read for want of open files or memory is not bad: no run goes on without it.
@Suite struct ImagesInWantTests {
  @Test func openFiles() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url)
    let run = try Tool.runEmbedding("want-of-files", in: folder.url)
    #expect(run.lines == ["refused", "refused", "refused", "read"], "\(run.errors)")
  }

  @Test(.enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"))
  func memory() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url)
    // A file is read as a whole to be decoded; zeros behind its end take no room on the disk.
    #expect(truncate(folder.path("cat/3.png"), 60_000_000) == 0)
    let run = try Tool.runEmbedding("want-of-memory", in: folder.url)
    #expect(run.lines == ["read", "no memory", "no memory"], "\(run.errors)")
  }

  @Test(.enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"))
  func theToolEndsWith71() throws {
    let folder = try TemporaryFolder()
    try PictureFolder.write(to: folder.url.appendingPathComponent("data"))
    #expect(truncate(folder.path("data/cat/3.png"), 550_000_000) == 0)
    for command in ["data data", "train --epochs 1 --model mlp --data data"] {
      let run = try Tool.shell(
        "ulimit -v 500000; \"$TOOL\" \(command) --skip-bad --threads 1", in: folder.url)
      #expect(run.status == 71, "\(run.errors)")
      #expect(run.errors.contains("data/cat/3.png, decoding: expected 550.0 MB of memory, found "))
    }
  }
}
