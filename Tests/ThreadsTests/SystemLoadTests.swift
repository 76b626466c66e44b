import Testing
import Threads

@Suite struct SystemLoadTests {
  private func load(_ loadAverage: String, _ cpuStat: String? = nil) throws -> SystemLoad {
    var files = ["/proc/loadavg": loadAverage, "/sys/devices/system/cpu/online": "0-7\n"]
    files["/proc/self/cgroup"] = "0::/\n"
    files["/sys/fs/cgroup/cpu.stat"] = cpuStat
    let machine = try FakeMachine(files)
    return withExtendedLifetime(machine) { SystemLoad(in: machine.files) }
  }

  @Test func otherProcesses() throws {
    #expect(try load("0.52 0.1 0.0 1/213 999\n").warnings.isEmpty)
    let busy = try load("6.24 0.1 0.0 1/213 999\n")
    #expect(busy.loadAverage == 6.24)
    #expect(busy.warnings.count == 1)
    #expect(busy.warnings[0].contains("6.2 on 8 processors"))
  }

  @Test func quotaThatIsUsedUp() throws {
    let text = "usage_usec 9\nnr_periods 200\nnr_throttled 50\nthrottled_usec 7\n"
    let load = try load("0.1 0.1 0.1 1/2 3\n", text)
    #expect(load.throttledShare == 0.25)
    #expect(load.warnings.first?.contains("in 25 % of its periods") == true)
    #expect(try self.load("0 0 0", "nr_periods 0\nnr_throttled 0\n").warnings.isEmpty)
  }

  @Test func nothingThatCanBeRead() throws {
    let machine = try FakeMachine([:])
    #expect(withExtendedLifetime(machine) { SystemLoad(in: machine.files) }.warnings.isEmpty)
  }
}
