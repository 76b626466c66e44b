import Testing
import Threads

private let version2Mount =
  "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
private let version1Mount =
  "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"

@Suite struct ControlGroupTests {
  private func group(_ files: [String: String]) throws -> ControlGroup {
    let machine = try FakeMachine(files)
    return withExtendedLifetime(machine) { ControlGroup(in: machine.files) }
  }

  @Test func nothingIsKnown() throws {
    let group = try group(["/etc/hostname": "none\n"])
    #expect(group.quota == nil)
    #expect(group.warnings.isEmpty)
  }

  @Test func version2() throws {
    let group = try group([
      "/proc/self/cgroup": "0::/batch/job7\n",
      "/proc/self/mountinfo": version2Mount,
      "/sys/fs/cgroup/batch/job7/cpu.max": "150000 100000\n",
    ])
    #expect(
      group.quota == .init(processors: 1.5, file: "/sys/fs/cgroup/batch/job7/cpu.max"))
    #expect(group.warnings.isEmpty)
  }

  @Test func theTightestOfNestedLimitsHolds() throws {
    let group = try group([
      "/proc/self/cgroup": "0::/batch/users/job7\n",
      "/proc/self/mountinfo": version2Mount,
      "/sys/fs/cgroup/batch/users/job7/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/batch/users/cpu.max": "100000 50000\n",
      "/sys/fs/cgroup/batch/cpu.max": "400000 100000\n",
    ])
    #expect(group.quota == .init(processors: 2, file: "/sys/fs/cgroup/batch/users/cpu.max"))
  }

  @Test func noLimit() throws {
    let group = try group([
      "/proc/self/cgroup": "0::/a\n",
      "/proc/self/mountinfo": version2Mount,
      "/sys/fs/cgroup/a/cpu.max": "max 100000\n",
    ])
    #expect(group.quota == nil)
    #expect(group.warnings.isEmpty)
  }

  /// In a container with a namespace of its own the group is "/", and its limit is at the mount.
  @Test(arguments: ["/", "/../../job7", "/system.slice/docker-1234.scope"])
  func container(path: String) throws {
    let group = try group([
      "/proc/self/cgroup": "0::\(path)\n",
      "/proc/self/mountinfo": version2Mount,
      "/sys/fs/cgroup/cpu.max": "300000 100000\n",
    ])
    #expect(group.quota == .init(processors: 3, file: "/sys/fs/cgroup/cpu.max"))
  }

  @Test func withoutMountinfoTheCustomPlacesAreRead() throws {
    let version2 = try group([
      "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n",
    ])
    #expect(version2.quota?.processors == 2)
    let version1 = try group([
      "/proc/self/cgroup": "4:cpu,cpuacct:/\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ])
    #expect(version1.quota?.processors == 2.5)
  }

  @Test func version1() throws {
    let group = try group([
      "/proc/self/cgroup": "5:memory:/job\n4:cpu,cpuacct:/batch/job:7\n1:cpuset:/\n0::/\n",
      "/proc/self/mountinfo": version1Mount,
      "/sys/fs/cgroup/cpu,cpuacct/batch/job:7/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/job:7/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us": "120000\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us": "50000\n",
    ])
    #expect(
      group.quota
        == .init(
          processors: 2.4, file: "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us"))
    #expect(group.warnings.isEmpty)
  }

  /// A container of version 1: the process sees the host's path, the mount shows its own part.
  @Test func version1InAContainer() throws {
    let group = try group([
      "/proc/self/cgroup": "4:cpu,cpuacct:/docker/1234/inner\n",
      "/proc/self/mountinfo":
        "33 25 0:29 /docker/1234 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "800000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us": "100000\n",
    ])
    #expect(group.quota?.processors == 4)
  }

  @Test(arguments: ["", "many", "0 100000", "-5 100000", "1e5 100000", "100000 0", "1 2 3"])
  func garbageIsNamedAndIgnored(text: String) throws {
    let group = try group([
      "/proc/self/cgroup": "0::/a\nnonsense\n",
      "/proc/self/mountinfo": "nonsense\n- - -\n" + version2Mount,
      "/sys/fs/cgroup/a/cpu.max": text + "\n",
      "/sys/fs/cgroup/cpu.max": "500000 100000\n",
    ])
    #expect(group.quota?.processors == 5)
    #expect(
      group.warnings == [
        "/sys/fs/cgroup/a/cpu.max: expected a quota and a period in microseconds, such as "
          + "\"200000 100000\", or \"max\", found \"\(text)\"; this limit is ignored."
      ])
  }

  @Test func garbageInVersion1() throws {
    let group = try group([
      "/proc/self/cgroup": "4:cpu:/a\n",
      "/proc/self/mountinfo": version1Mount,
      "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "some\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "1000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "0\n",
    ])
    #expect(group.quota == nil)
    #expect(
      group.warnings == [
        "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us: expected microseconds or -1, found "
          + "\"some\"; this limit is ignored.",
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us: expected microseconds, found \"0\"; this "
          + "limit is ignored.",
      ])
  }
}
