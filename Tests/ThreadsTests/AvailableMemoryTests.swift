import Testing
import Threads

@Suite struct AvailableMemoryTests {
  private let machine = [
    "/proc/meminfo": "MemTotal:       8000000 kB\nMemAvailable:   4000000 kB\nSwapFree: 9 kB\n"
  ]

  private func memory(
    _ files: [String: String], addressSpaceLimit: Int? = nil, dataLimit: Int? = nil
  ) throws -> AvailableMemory {
    let machine = try FakeMachine(files)
    return withExtendedLifetime(machine) {
      AvailableMemory(
        in: machine.files, addressSpaceLimit: addressSpaceLimit, dataLimit: dataLimit)
    }
  }

  @Test func whatTheMachineHas() throws {
    let memory = try memory(machine)
    #expect(memory.byteCount == 4_096_000_000)
    #expect(memory.description == "4.1 GB available on this machine")
  }

  @Test func version2OfControlGroups() throws {
    var files = machine
    files["/proc/self/cgroup"] = "0::/job/step\n"
    files["/sys/fs/cgroup/job/memory.max"] = "2000000000\n"
    files["/sys/fs/cgroup/job/memory.current"] = "1500000000\n"
    files["/sys/fs/cgroup/job/memory.stat"] = "anon 7\ninactive_file 300000000\nactive_file 1\n"
    files["/sys/fs/cgroup/job/step/memory.max"] = "max\n"
    let memory = try memory(files)
    #expect(memory.byteCount == 800_000_000)
    #expect(
      memory.description == "800.0 MB available in the control group /sys/fs/cgroup/job")
  }

  @Test func version1OfControlGroups() throws {
    var files = machine
    files["/proc/self/cgroup"] = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n"
    files["/proc/self/mountinfo"] =
      "9 8 0:7 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "1000\n"
    files["/sys/fs/cgroup/memory/memory.usage_in_bytes"] = "900\n"
    files["/sys/fs/cgroup/memory/memory.stat"] = "inactive_file 5\ntotal_inactive_file 50\n"
    #expect(try memory(files).byteCount == 150)
    // No limit, as version 1 writes it; and more in use than is allowed.
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
    #expect(try memory(files).byteCount == 4_096_000_000)
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "100\n"
    #expect(try memory(files).byteCount == 0)
  }

  @Test func limitOfTheAddressSpace() throws {
    var files = machine
    files["/proc/self/statm"] = "1000 200 30 4 0 50 0\n"
    let memory = try memory(files, addressSpaceLimit: 5_000_000)
    #expect(memory.byteCount == 5_000_000 - 4_096_000)
    #expect(memory.description.hasSuffix("within the limit of the address space (ulimit -v)"))
  }

  @Test func limitOfTheData() throws {
    var files = machine
    files["/proc/self/status"] = "VmPeak:\t 9000 kB\nVmData:\t    2000 kB\nVmStk:\t 100 kB\n"
    let memory = try memory(files, dataLimit: 5_000_000)
    #expect(memory.byteCount == 5_000_000 - 2_048_000)
    #expect(memory.description == "3.0 MB available within the limit of the data (ulimit -d)")
  }

  @Test func nothingThatCanBeRead() throws {
    #expect(try memory([:]).byteCount == nil)
    #expect(try memory(["/proc/meminfo": "MemAvailable: much\n"]).byteCount == nil)
  }

  @Test func thisMachine() {
    #expect(AvailableMemory.detected().byteCount ?? 1 > 0)
  }
}
