import Foundation
import Testing

/// Batch systems give a program less than a terminal does.
@Suite("Surroundings")
struct SurroundingsTests {
  private let model = DigitsModel.trained.model
  private let row = DigitsModel.row

  @Test("No environment, no home folder, no terminal, no input")
  func bareEnvironment() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      env -i "$TOOL" train --data digits --epochs 1 --threads 2 --output run <&- &&
      env -i HOME=/nonexistent "$TOOL" evaluate --model run/model.safetensors --data digits \
      --json <&- &&
      echo '\(row)' | env -i "$TOOL" predict --model run/model.safetensors &&
      env -i "$TOOL" doctor --threads 1 <&- | grep -c ^threads
      """, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.last == "1")
  }

  @Test("Closed output is an error, and nothing is written into a file in its place")
  func closedOutput() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      "$TOOL" inspect mlp >&-; echo $?
      "$TOOL" train --data digits --epochs 1 --threads 2 --output run >&- 2>&-; echo $?
      "$TOOL" train --data digits --epochs 1 --threads 2 --output other 2>&- > /dev/null; echo $?
      """, in: folder.url)
    #expect(run.lines == ["74", "74", "0"])
    #expect(run.errors == "needletail: standard output: Bad file descriptor.\n")
    let model = try Data(contentsOf: folder.url.appendingPathComponent("other/model.safetensors"))
    #expect(model.dropFirst(8).first == UInt8(ascii: "{"))
  }

  @Test("Closed input is an error")
  func closedInput() throws {
    let run = try Tool.shell("\"$TOOL\" predict --model \(model) - <&-")
    #expect(run.status == 74)
    #expect(run.errors == "needletail: standard input: Bad file descriptor.\n")
  }

  /// Whether a shell may make name spaces of its own, as root or with the kernel's leave.
  private static let canUnshare =
    (try? Tool.shell("unshare -rm true 2>/dev/null").status) == 0

  @Test(
    "A read-only system with one folder to write to, and little that tells about the machine",
    .enabled(if: canUnshare, "name spaces are not allowed here"))
  func readOnlySystem() throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      unshare -rm sh -c '
        mount -t tmpfs none /sys || exit 99
        for file in /proc/cpuinfo /proc/meminfo /proc/loadavg /proc/$$/cgroup; do
          mount --bind /dev/null $file || exit 99
        done
        mount --bind "$PWD" "$PWD" || exit 99
        mount -o remount,bind,ro / || exit 99
        touch /x 2>/dev/null && exit 98
        cd "$PWD" && "$TOOL" train --data digits --epochs 1 --threads 2 --output run &&
        "$TOOL" doctor | grep -e ^threads -e ^memory &&
        mount -t tmpfs none /proc && "$TOOL" doctor; echo $?'
      """, in: folder.url)
    // A container may allow name spaces, but no mounts in them.
    if run.status == 99 { return }
    #expect(FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
    #expect(run.lines.suffix(3).first?.hasPrefix("threads  ") == true, "\(run.errors)")
    #expect(run.lines.suffix(2).first == "memory            no limit is known")
    // A sanitizer needs /proc itself.
    if Tool.isSanitized { return }
    #expect(run.lines.last == "71")
    #expect(run.errors.contains("expected to read them from /proc/self/cmdline"))
  }

  private static let restricted = Tool.builtProgram("RestrictedProgram")
  private static let canFilter =
    (try? Tool.shell("'\(restricted)' favours EPERM /bin/true 2>/dev/null").status) == 0

  @Test(
    "A filter of system calls", .enabled(if: canFilter, "no such filters are to be had here"),
    .disabled(if: Tool.isSanitized, "sanitizers use what is refused"),
    arguments: ["EPERM", "ENOSYS"])
  func filteredSystemCalls(_ error: String) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell(
      """
      run="'\(Self.restricted)' favours \(error) $TOOL"
      train="train --data digits --epochs 1 --threads 2 --output"
      eval $run $train filtered --quiet && eval $run $train filtered --epochs 2 --resume --quiet &&
      $TOOL $train free --epochs 2 --quiet && cmp filtered/model.safetensors free/model.safetensors &&
      eval $run evaluate --model filtered/model.safetensors --data digits > /dev/null &&
      echo '\(row)' | eval $run predict --model filtered/model.safetensors > filtered/answer &&
      echo '\(row)' | $TOOL predict --model free/model.safetensors | cmp - filtered/answer &&
      eval $run doctor | grep ^threads
      """, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.last?.hasPrefix("threads  ") == true, "\(run.errors)")
    #expect(run.errors.contains("no locks are to be had there"))
  }

  @Test("OMP_NUM_THREADS and OPENBLAS_NUM_THREADS lower the number of threads")
  func threadVariables() throws {
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
      let run = try Tool.shell("\(name)=1 \"$TOOL\" doctor | grep ^threads")
      #expect(run.output.hasPrefix("threads           1 thread: "))
    }
  }
}
