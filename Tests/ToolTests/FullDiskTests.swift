import Foundation
import Testing

private let canMount: Bool = {
  let run = try? Tool.shell("unshare -rm sh -c 'mount -t tmpfs -o size=4m none /mnt'")
  return run?.status == 0
}()

/// Disks that are full, small or read-only: file systems in memory, in a mount namespace of their own
/// that goes with the processes in it.
@Suite("Disks", .enabled(if: canMount, "needs unshare and the right to mount"))
struct FullDiskTests {
  /// Runs lines of a shell with a file system at `$DISK`.
  private func onDisk(_ mount: String, _ lines: String, in scratch: TemporaryFolder) throws
    -> Tool.Run
  {
    let disk = scratch.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let script = "mount -t tmpfs -o \(mount) none \"$DISK\" || exit 99\n" + lines
    try Data(script.utf8).write(to: scratch.url.appendingPathComponent("script"))
    return try Tool.shell("DISK='\(disk)' exec unshare -rm sh '\(scratch.path("script"))'")
  }

  @Test("A disk that fills up ends the training and loses nothing")
  func full() throws {
    let scratch = try TemporaryFolder()
    let run = try onDisk(
      "size=4m",
      """
      train="$TOOL train --data digits --seed 7 --batch 256 --output"
      $train $DISK/run --epochs 3000 > '\(scratch.path("output"))' &
      until grep -q 'epoch  *3/' '\(scratch.path("output"))' || ! kill -0 $!; do sleep 0.02; done
      cat /dev/zero > $DISK/junk 2> /dev/null
      wait $!
      echo "status $?"
      rm $DISK/junk
      last=$(ls $DISK/run/checkpoints | sed -n 's/step-0*\\([0-9]*\\).*safetensors/\\1/p' | sort -n | tail -1)
      epochs=$((last / 6 + 2))
      $train $DISK/run --epochs $epochs --resume > /dev/null; echo "resumed $?"
      $train '\(scratch.path("other"))' --epochs $epochs > /dev/null
      cmp $DISK/run/model.safetensors '\(scratch.path("other"))/model.safetensors' && echo same
      """, in: scratch)
    #expect(run.output == "status 74\nresumed 0\nsame\n", "\(run.errors)")
    #expect(run.errors.contains("\(scratch.path("disk"))/run/"))
    #expect(run.errors.contains("free"))
  }

  @Test("A disk that is too small is found before the first step")
  func small() throws {
    let scratch = try TemporaryFolder()
    let run = try onDisk(
      "size=1m",
      "\"$TOOL\" train --data digits --keep 5 --output $DISK/run; echo \"$? $(ls -A $DISK)\"",
      in: scratch)
    #expect(run.lines.last == "73 ")
    #expect(
      run.errors.contains("bytes of free space for 6 checkpoints of 5"), "\(run.errors)")
  }

  @Test("A disk that is read-only is found before the first step")
  func readOnly() throws {
    let scratch = try TemporaryFolder()
    let run = try onDisk(
      "ro", "exec \"$TOOL\" train --data digits --output $DISK/run", in: scratch)
    #expect(run.status == 77)
    #expect(run.lines.map { $0.prefix(4) } == ["data"])
    #expect(run.errors.contains("The file system is read-only; choose another folder."))
  }
}
