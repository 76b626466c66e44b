import Glibc
import ModelFiles
import Testing

@Suite struct AtomicFileTests {
  @Test func createsAndReplaces() throws {
    let folder = TemporaryFolder()
    let path = folder.file("a")
    try AtomicFile.write([1, 2, 3], to: path)
    #expect(contents(of: path) == [1, 2, 3])
    try AtomicFile.write(to: path) { (file) throws(ModelFileError) in
      try file.write([4])
      // Until the end, the old file is there, and the scratch file beside it.
      #expect(contents(of: path) == [1, 2, 3])
      #expect(folder.names.count == 2)
      #expect(folder.names.first?.hasPrefix(".a.\(getpid())-") == true)
      #expect(folder.names.first?.hasSuffix(".tmp") == true)
      try file.write([])
      try file.write([5, 6])
      #expect(file.count == 3)
    }
    #expect(contents(of: path) == [4, 5, 6])
    try AtomicFile.write([], to: path)
    #expect(contents(of: path) == [])
    #expect(folder.names == ["a"])
  }

  @Test func keepsTheOldFileWhenTheContentFails() throws {
    let folder = TemporaryFolder()
    let path = folder.file("a")
    try AtomicFile.write([1], to: path)
    let failure = ModelFileError(file: "x", expected: "y", found: "z", advice: "!")
    let error = #expect(throws: ModelFileError.self) {
      try AtomicFile.write(to: path) { (file) throws(ModelFileError) in
        try file.write([2])
        throw failure
      }
    }
    #expect(error == failure)
    #expect(contents(of: path) == [1])
    #expect(folder.names == ["a"])
  }

  @Test func writesFromManyThreads() async throws {
    let folder = TemporaryFolder()
    let path = folder.file("a")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for byte in UInt8(0)..<32 {
        group.addTask {
          try AtomicFile.write([UInt8](repeating: byte, count: 10_000), to: path)
        }
      }
      try await group.waitForAll()
    }
    let bytes = contents(of: path) ?? []
    #expect(bytes.count == 10_000)
    #expect(Set(bytes).count == 1)
    #expect(folder.names == ["a"])
  }

  @Test func keepsOrChoosesPermissions() throws {
    let folder = TemporaryFolder()
    let path = folder.file("a")
    try AtomicFile.write([1], to: path)
    // Compared with a file that the system made: the mask cannot be asked for without changing it.
    let plain = open(folder.file("plain"), O_CREAT | O_WRONLY, 0o666)
    close(plain)
    #expect(permissions(of: path) == permissions(of: folder.file("plain")))
    #expect(chmod(path, 0o640) == 0)
    try AtomicFile.write([2], to: path)
    #expect(permissions(of: path) == 0o640)
    #expect(contents(of: path) == [2])
  }

  @Test func followsSymbolicLinks() throws {
    let folder = TemporaryFolder()
    let other = TemporaryFolder()
    try AtomicFile.write([1], to: other.file("real"))
    #expect(symlink(other.file("real"), folder.file("link")) == 0)
    try AtomicFile.write([2], to: folder.file("link"))
    #expect(contents(of: other.file("real")) == [2])
    #expect(other.names == ["real"])
    var status = stat()
    #expect(lstat(folder.file("link"), &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFLNK)

    #expect(symlink(folder.file("nothing"), folder.file("dangling")) == 0)
    let error = #expect(throws: ModelFileError.self) {
      try AtomicFile.write([3], to: folder.file("dangling"))
    }
    #expect(error?.expected == "a symbolic link to a file that exists")
    #expect(folder.names == ["dangling", "link"])
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = TemporaryFolder()
    func error(_ path: String) -> ModelFileError? {
      #expect(throws: ModelFileError.self) { try AtomicFile.write([1], to: path) }
    }
    #expect(error(folder.file("none/a"))?.systemError == ENOENT)
    #expect(error(folder.path)?.found == "a folder")
    #expect(error(folder.path + "/")?.found == "no name of a file at its end")
    #expect(error(folder.file(".."))?.found == "a folder")
    #expect(error("")?.file == "\"\"")
    #expect(error(folder.file("a\0b")) != nil)
    #expect(error("/dev/null")?.found == "a device, a pipe or a link")
    #expect(error("/dev/null/a")?.systemError == ENOTDIR)
    #expect(error(folder.file(String(repeating: "n", count: 256)))?.systemError == ENAMETOOLONG)
    #expect(folder.names.isEmpty)
    let text = error(folder.file("none/a"))?.description ?? ""
    #expect(text.hasPrefix("\(folder.file("none/a")): expected to open the folder"))
    #expect(text.contains("No such file or directory"))
    #expect(text.hasSuffix("Check the path; folders are not created."))
  }

  @Test func resolvesRelativePathsOnce() async {
    // In a process of its own: the working folder belongs to all threads.
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      try #require(chdir(folder.path) == 0)
      try AtomicFile.write([1], to: "a")
      try AtomicFile.write(to: "./a") { (file) throws(ModelFileError) in
        _ = chdir("/")
        try file.write([2])
      }
      try #require(contents(of: folder.file("a")) == [2])
      try #require(folder.names == ["a"])
    }
  }

  @Test func keepsTheOldFileInAReadOnlyFolder() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let path = folder.file("a")
      try AtomicFile.write([1], to: path)
      try #require(chmod(path, 0o666) == 0 && chmod(folder.path, 0o555) == 0)
      // The superuser may write everywhere, so become someone else, in this process only.
      if geteuid() == 0 { try #require(seteuid(65534) == 0) }
      let error = #expect(throws: ModelFileError.self) { try AtomicFile.write([2], to: path) }
      try #require(error?.systemError == EACCES)
      try #require(contents(of: path) == [1])
      if getuid() == 0 { try #require(seteuid(0) == 0) }
      try #require(chmod(folder.path, 0o755) == 0)
    }
  }

  @Test func keepsTheOldFileWhenTheNewOneGrowsTooLarge() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let path = folder.file("a")
      try AtomicFile.write([1], to: path)
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let error = #expect(throws: ModelFileError.self) {
        try AtomicFile.write([UInt8](repeating: 2, count: 20_000), to: path)
      }
      try #require(error?.systemError == EFBIG)
      try #require(contents(of: path) == [1])
      try #require(folder.names == ["a"])
    }
  }

  @Test func saysWhatAFullDiskLacks() async {
    // A disk of 64 kB that this process mounts for itself alone; where it may not, nothing is
    // tested.
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      guard separateMounts() == 0,
        mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
        mount("none", folder.path, "tmpfs", 0, "size=64k") == 0
      else {
        print("skipped: this process may not mount a small disk")
        return
      }
      defer { umount(folder.path) }
      let path = folder.file("a")
      try AtomicFile.write([1], to: path)
      let error = #expect(throws: ModelFileError.self) {
        try AtomicFile.write([UInt8](repeating: 2, count: 100_000), to: path)
      }
      try #require(error?.systemError == ENOSPC)
      try #require(
        error?.advice.hasPrefix("The file needs 100000 bytes, and 61440 bytes were free: ") == true,
        "\(error?.advice ?? "")")
      try #require(contents(of: path) == [1])
      try #require(folder.names == ["a"])
    }
  }
}

/// Gives this process mounts of its own (`CLONE_NEWNS`); not zero where it may not.
///
/// Looked up by its name: the system's headers show `unshare` to programs in C that ask for it.
private func separateMounts() -> CInt {
  guard let unshare = dlsym(nil, "unshare") else { return -1 }
  return unsafeBitCast(unshare, to: (@convention(c) (CInt) -> CInt).self)(0x20000)
}
