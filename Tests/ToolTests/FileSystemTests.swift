import Foundation
import Testing

/// File systems that lack what a complete file at every moment takes, as mounts of object stores do: a filter
/// of system calls stands for them.
@Suite(
  "File systems", .enabled(if: canFilter, "no such filters are to be had here"),
  .disabled(if: Tool.isSanitized, "sanitizers use what is refused"))
struct FileSystemTests {
  private static let options = "train --data digits --batch 256 --epochs 2 --seed 5"

  @Test(
    "What is missing is told before the training starts",
    arguments: [
      ("rename", "EPERM"), ("rename", "ENOSYS"), ("rename", "EXDEV"), ("rename", "EOPNOTSUPP"),
      ("fsync", "EINVAL"), ("fsync", "ENOSYS"), ("fsync", "EOPNOTSUPP"), ("fsync", "EPERM"),
    ])
  func refusal(_ call: String, _ error: String) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      "'\(restricted)' \(call) \(error) \"$TOOL\" \(Self.options) --output run; echo $? $(ls -A)",
      in: folder.url)
    // Nothing was trained, and nothing is left.
    #expect(run.lines.last == "73", "\(run.errors)")
    #expect(
      run.errors.contains(
        call == "rename"
          ? "expected a file system that can rename a file to take the place of another"
          : "expected a file system that can force a file to the disk (fsync)"))
    #expect(run.errors.contains("--without-atomic-writes"))
  }

  @Test(
    "--without-atomic-writes trains there, is interrupted and resumed",
    arguments: [
      ("rename", "EPERM"), ("fsync", "EINVAL"), ("fsync", "ENOSYS"), ("fsync", "EPERM"),
    ])
  func inPlace(_ call: String, _ error: String) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      limited="'\(restricted)' \(call) \(error) $TOOL"
      eval "$limited" \(Self.options) --without-atomic-writes --output run --epochs 1 --quiet &&
      eval "$limited" \(Self.options) --without-atomic-writes --output run --resume --quiet &&
      "$TOOL" \(Self.options) --output free --quiet &&
      cmp run/model.safetensors free/model.safetensors && wc -l < run/history.jsonl
      ls -A run run/checkpoints
      """, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.contains("2"), "\(run.output)")
    #expect(!run.output.contains(".tmp") && !run.output.contains(".probe"))
  }

  @Test("--without-atomic-writes needs a run folder")
  func withoutOutput() throws {
    let run = try Tool.run("train", "--data", "digits", "--without-atomic-writes")
    #expect(run.status == 64)
    #expect(
      run.errors.contains(
        "--without-atomic-writes: expected --output, the folder, too, found none."))
  }
}

private let restricted = Tool.builtProgram("RestrictedProgram")
private let canFilter =
  (try? Tool.shell("'\(restricted)' rename EPERM /bin/true 2>/dev/null").status) == 0
