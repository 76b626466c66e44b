import Testing
import Threads

@Suite struct ThreadBudgetTests {
  private func budget(
    _ affinity: Int, quota: Double? = nil, environment: String? = nil, requested: Int? = nil
  ) -> ThreadBudget {
    ThreadBudget(
      .init(
        onlineProcessorCount: 64, affinityProcessorCount: affinity, quota: quota,
        environmentValue: environment), requested: requested)
  }

  @Test func affinityDecides() {
    let budget = budget(2)
    #expect(budget.threadCount == 2)
    #expect(budget.reason == "2 threads: 2 processors in the affinity mask; no cgroup quota")
    #expect(budget.warnings.isEmpty)
    #expect(
      self.budget(1).reason == "1 thread: 1 processor in the affinity mask; no cgroup quota")
  }

  @Test func quotaIsRoundedDown() {
    let budget = budget(16, quota: 3.75)
    #expect(budget.threadCount == 3)
    #expect(
      budget.reason
        == "3 threads: 16 processors in the affinity mask; a cgroup quota of 3.75 processors, "
        + "rounded to 3")
    #expect(self.budget(16, quota: 0.2).threadCount == 1)
    #expect(self.budget(16, quota: 4).reason.hasSuffix("a cgroup quota of 4 processors"))
    #expect(self.budget(4, quota: 8.5).threadCount == 4)
    #expect(self.budget(4, quota: 8.5).reason.hasSuffix("a cgroup quota of 8.5 processors"))
    #expect(self.budget(4, quota: 1e300).threadCount == 4)
  }

  @Test func environmentOnlyLowers() {
    let budget = budget(16, quota: 8, environment: "4")
    #expect(budget.threadCount == 4)
    #expect(
      budget.reason
        == "4 threads: OMP_NUM_THREADS is 4; 16 processors in the affinity mask; a cgroup quota "
        + "of 8 processors")
    #expect(self.budget(16, quota: 8, environment: "12").threadCount == 8)
    #expect(self.budget(16, environment: " 3 , 2").threadCount == 3)
  }

  @Test func theSmallerOfTheEnvironmentCounts() {
    func budget(_ openMP: String?, _ openBLAS: String?) -> ThreadBudget {
      ThreadBudget(
        .init(
          onlineProcessorCount: 64, affinityProcessorCount: 16, environmentValue: openMP,
          blasEnvironmentValue: openBLAS))
    }
    #expect(budget(nil, "3").reason.hasPrefix("3 threads: OPENBLAS_NUM_THREADS is 3; 16 proc"))
    #expect(budget("2", "3").reason.hasPrefix("2 threads: OMP_NUM_THREADS is 2; "))
    #expect(budget("5", "3").threadCount == 3)
    #expect(budget("99", "many").threadCount == 16)
    #expect(
      budget(nil, "many").warnings == [
        "OPENBLAS_NUM_THREADS: expected a whole number from 1, found \"many\"; it is ignored."
      ])
  }

  @Test func aCoreGetsOneThread() {
    func budget(quota: Double? = nil, requested: Int? = nil) -> ThreadBudget {
      ThreadBudget(
        .init(
          onlineProcessorCount: 16, affinityProcessorCount: 8, affinityCoreCount: 4, quota: quota),
        requested: requested)
    }
    #expect(
      budget().reason
        == "4 threads: 8 processors on 4 cores in the affinity mask; no cgroup quota")
    #expect(budget().threadCount == 4)
    #expect(budget(quota: 2.5).threadCount == 2)
    #expect(budget(quota: 6).threadCount == 4)
    // Whoever asks gets the hardware threads, too.
    #expect(budget(requested: 8).threadCount == 8)
    #expect(budget(requested: 8).warnings.isEmpty)
    #expect(budget(requested: 9).warnings.count == 1)
  }

  @Test func coresWithinTheAffinity() throws {
    var files = [
      "/sys/devices/system/cpu/online": "0-7\n",
      "/proc/thread-self/status": "Cpus_allowed_list:\t0-2,4,6\n",
    ]
    // Processor n and n + 4 are one core: 0 and 4, 1, 2 and 6.
    for index in 0..<8 {
      files["/sys/devices/system/cpu/cpu\(index)/topology/core_cpus_list"] =
        "\(index % 4),\(index % 4 + 4)\n"
    }
    let machine = try FakeMachine(files)
    let budget = withExtendedLifetime(machine) {
      ThreadBudget.detected(requested: nil, in: machine.files)
    }
    #expect(budget.findings.affinityProcessorCount == 5)
    #expect(budget.findings.affinityCoreCount == 3)
    #expect(budget.threadCount == 3)
  }

  @Test(arguments: ["", "0", "-2", "four", "4,", "4;2", "99999999999999999999"])
  func malformedEnvironmentIsNamedAndIgnored(value: String) {
    let budget = budget(2, environment: value)
    #expect(budget.threadCount == 2)
    #expect(
      budget.warnings == [
        "OMP_NUM_THREADS: expected a whole number from 1, found \"\(value)\"; it is ignored."
      ])
  }

  @Test func theRequestDecides() {
    let few = budget(16, quota: 8, environment: "4", requested: 6)
    #expect(few.threadCount == 6)
    #expect(
      few.reason
        == "6 threads: asked for; 16 processors in the affinity mask; a cgroup quota of 8 "
        + "processors")
    #expect(few.warnings.isEmpty)
    let many = budget(2, requested: 7)
    #expect(many.threadCount == 7)
    #expect(
      many.warnings == [
        "7 threads asked for, but there are 2 processors to run them (2 processors in the "
          + "affinity mask; no cgroup quota): more threads than processors are slower."
      ])
  }

  @Test func thereIsAMost() {
    #expect(budget(5000).threadCount == ThreadBudget.maximumThreadCount)
    #expect(budget(5000, quota: 4000).threadCount == ThreadBudget.maximumThreadCount)
    #expect(budget(0).threadCount == 1)
  }

  @Test func filesOfAMachine() throws {
    let machine = try FakeMachine([
      "/sys/devices/system/cpu/online": "0-7\n",
      // Possible, but switched off: 8 to 127.
      "/proc/thread-self/status": "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t2-127\n",
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/cpu.max": "450000 100000\n",
    ])
    let budget = withExtendedLifetime(machine) {
      ThreadBudget.detected(requested: nil, in: machine.files)
    }
    #expect(
      budget.findings
        == .init(onlineProcessorCount: 8, affinityProcessorCount: 6, quota: 4.5))
    #expect(budget.threadCount == 4)
  }

  @Test func garbageFiles() throws {
    let machine = try FakeMachine([
      "/sys/devices/system/cpu/online": "0-\n",
      "/proc/thread-self/status": "Cpus_allowed_list:\t3-2\n",
      "/proc/self/cgroup": "\u{0}::::\n0\n",
      "/proc/self/mountinfo": "- cgroup2\n",
    ])
    let budget = withExtendedLifetime(machine) {
      ThreadBudget.detected(requested: nil, in: machine.files)
    }
    #expect(budget.threadCount >= 1)
    #expect(budget.findings.affinityProcessorCount == budget.findings.onlineProcessorCount)
  }

  @Test func thisMachine() {
    let findings = ThreadBudget.detected().findings
    #expect((1...findings.onlineProcessorCount).contains(findings.affinityProcessorCount))
  }

  @Test func processorLists() {
    #expect(ProcessorList.parse("0-3,8,10-11") == [0, 1, 2, 3, 8, 10, 11])
    #expect(ProcessorList.parse("5") == [5])
    #expect(ProcessorList.parse("") == [])
    for garbage in ["a", "1-", "-1", "3-2", "1-2-3", "0-99999999", "1;2"] {
      #expect(ProcessorList.parse(garbage) == nil, "\(garbage)")
    }
  }
}
