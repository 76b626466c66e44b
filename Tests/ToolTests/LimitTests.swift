import Foundation
import Testing

/// What `ulimit` gives a process; `scripts/limits` tries many more.
@Suite("Limits")
struct LimitTests {
  private let model = DigitsModel.trained.model
  private let row = DigitsModel.row

  /// Every command, short; `timeout` answers 124 for one that hangs.
  private var commands: [String] {
    let limited = "timeout -s KILL 120 $TOOL"
    return [
      "\(limited) inspect mlp", "\(limited) doctor --threads 2",
      "\(limited) evaluate --model \(model) --data digits",
      "echo '\(row)' | \(limited) predict --model \(model) -",
      "\(limited) bench infer --model mlp --batch 1 --seconds 0.1 --threads 2",
      "\(limited) train --data digits --epochs 1 --batch 256 --threads 2 --output run",
    ]
  }

  @Test(
    "Little address space: every command ends",
    .enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"), arguments: 0..<6)
  func addressSpace(_ index: Int) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.shell("ulimit -v 400000; \(commands[index])", in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    #expect(!run.output.isEmpty)
  }

  @Test("OpenBLAS is not loaded by what does not need it, and no thread is started with it")
  func noLibrary() throws {
    let run = try Tool.shell(
      """
      "$TOOL" predict --model \(model) - < /dev/zero > /dev/null 2>&1 & sleep 0.5
      grep -c openblas /proc/$!/maps; ls /proc/$!/task | wc -l; kill $!
      """)
    // The first thread; those of the team: one for each other core.
    #expect(run.lines.first == "0")
    let threads = try #require(Int(run.lines[1].filter(\.isNumber)))
    #expect(
      threads <= ProcessInfo.processInfo.activeProcessorCount + Tool.sanitizerThreadCount)
  }

  @Test(
    "OpenBLAS without memory is an error of what needs it",
    .enabled(if: !Tool.isSanitized, "sanitizers take terabytes of addresses"))
  func libraryWithoutMemory() throws {
    let run = try Tool.shell(
      """
      ulimit -v 300000
      timeout -s KILL 120 "$TOOL" train --data digits --convolution im2row --threads 2; echo $?
      timeout -s KILL 120 "$TOOL" doctor --threads 2 | grep ^BLAS; echo $?
      """)
    #expect(run.lines.dropFirst().first == "71", "\(run.errors)")
    #expect(run.errors.contains("OpenBLAS: expected 128 MiB of addresses for each of 2 threads"))
    #expect(run.lines.suffix(2) == ["BLAS              none", "0"])
  }

  private static let canHide =
    (try? Tool.shell("unshare -rm mount --bind /dev/null /etc/hostname 2>/dev/null").status) == 0

  @Test("A machine without OpenBLAS", .enabled(if: canHide, "needs unshare and the right to mount"))
  func noOpenBLAS() throws {
    let run = try Tool.shell(
      """
      unshare -rm sh -c '
        for file in $(ldconfig -p | sed -n "s/.*libopenblas.*=> //p" | xargs -r readlink -f | sort -u); do
          mount --bind /dev/null $file || exit 99
        done
        "$TOOL" train --data digits --epochs 1 --batch 256 --quiet; echo $?
        "$TOOL" train --data digits --epochs 1 --convolution im2row; echo $?
        "$TOOL" bench kernels --convolution im2row --model mlp --seconds 0.01; echo $?
        "$TOOL" doctor | grep ^BLAS'
      """)
    #expect(run.lines.map(String.init).filter { Int($0) != nil } == ["0", "71", "71"])
    #expect(run.lines.last == "BLAS              none")
    #expect(run.errors.contains("expected the library libopenblas.so.0"), "\(run.errors)")
    #expect(run.errors.contains("apt-get install libopenblas0"))
  }

  /// Whether the tests may become another user, to whom a limit on threads applies.
  private static let canChangeUser =
    (try? Tool.shell("setpriv --reuid=65531 --regid=65531 --clear-groups test -x \"$TOOL\"").status)
    == 0

  @Test(
    "No thread but the first: fewer threads, with a warning",
    .enabled(if: canChangeUser, "needs root, and a tool that all may run"))
  func threads() throws {
    let folder = try TemporaryFolder()
    #expect(chmod(folder.url.path, 0o777) == 0)
    for (index, command) in [
      "train --data digits --epochs 1 --batch 256 --threads 3 --output run",
      "bench infer --model mlp --batch 1 --seconds 0.1 --threads 3",
      "bench peak --seconds 0.01 --threads 3", "data digits --threads 3",
      "bench data --images 10 --seconds 0.001 --threads 3", "doctor --threads 3",
    ].enumerated() {
      // A user of its own: the limit counts all processes of a user. The shell becomes the tool.
      let run = try Tool.shell(
        """
        timeout -s KILL 100 setpriv --reuid=6552\(index) --regid=65531 --clear-groups \
        bash -c 'ulimit -u 1; exec "$TOOL" \(command)'; echo "status $?"
        """, in: folder.url)
      #expect(run.lines.last == "status 0", "\(run.errors)")
      #expect(
        (run.output + run.errors).contains(
          "3 threads wanted, but the system lets this process start no more than 1"))
      // What is told of the run is what there was.
      #expect(!run.output.contains("\n2 threads") && !run.output.contains("\n3 threads"))
      if command.hasPrefix("train") || command.hasPrefix("doctor") {
        #expect(run.output.contains("1 thread: the system starts no more, of 3 threads: asked for"))
      }
      if command.hasPrefix("bench peak") {
        #expect(run.output.contains(#/multiply-add +1 /#), "\(run.output)")
        #expect(!run.output.contains(#/multiply-add +3 /#), "\(run.output)")
      }
      if command.hasPrefix("bench data") {
        #expect(!run.output.contains(#/ 3 +[\d,.]+ +[\d,.]+\n/#), "\(run.output)")
      }
    }
  }

  @Test("A tiny stack is enough", arguments: ["-s", "-S -s"])
  func stack(_ option: String) throws {
    let folder = try TemporaryFolder()
    for command in commands {
      let run = try Tool.shell("ulimit \(option) 64; \(command)", in: folder.url)
      #expect(run.status == 0, "\(command): \(run.errors)")
    }
  }

  @Test("An instruction set that is not to be had is an error")
  func instructionSet() throws {
    for name in ["sse9", "AVX2", "neon"] {
      let run = try Tool.shell("NEEDLETAIL_ISA=\(name) \"$TOOL\" inspect mlp")
      #expect(run.status == 64)
      #expect(run.output == "")
      #expect(run.errors.contains("expected an instruction set that this processor has ("))
      #expect(run.errors.contains("portable), found \"\(name)\""))
    }
    #expect(
      try Tool.shell("NEEDLETAIL_ISA=portable \"$TOOL\" doctor | grep -c '; .* use portable'")
        .lines.first == "1")
    #expect(try Tool.shell("NEEDLETAIL_ISA= \"$TOOL\" inspect mlp").status == 0)
  }

  @Test(
    "An empty value is refused in one sentence",
    arguments: [
      (["train", "--data", "digits", "--output", ""], "--output"),
      (["train", "--data", ""], "--data"), (["train", "--data=", "--epochs", "1"], "--data"),
      (["evaluate", "--model", "", "--data", "digits"], "--model"),
      (["predict", "--model", "m", ""], "argument 4"), (["inspect", ""], "argument 2"),
    ])
  func emptyValue(_ arguments: [String], _ place: String) throws {
    let run = try Tool.run(arguments: arguments)
    #expect(run.status == 64)
    #expect(run.output == "")
    #expect(
      run.errors
        == "needletail: \(place): expected a value, found an empty one; is a variable of the shell "
        + "not set?\n")
  }
}
