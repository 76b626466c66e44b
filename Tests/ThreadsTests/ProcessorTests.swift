import Testing
import Threads

@Suite struct ProcessorTests {
  @Test func intel() throws {
    let section = """
      vendor_id\t: GenuineIntel
      model name\t: Intel(R) Xeon(R) Platinum 8488C
      physical id\t: 0
      core id\t\t: CORE
      flags\t\t: fpu fma avx avx2 avx512f avx512_bf16 avx512_vnni amx_bf16 amx_tile

      """
    let sections = (0..<4).map { index in
      "processor\t: \(index)\n"
        + section.replacing("CORE", with: "\(index / 2)") + "\n"
    }
    let cache = "/sys/devices/system/cpu/cpu0/cache/index"
    let machine = try FakeMachine([
      "/proc/cpuinfo": sections.joined(),
      "/sys/devices/system/cpu/online": "0-3\n",
      cache + "0/level": "1\n", cache + "0/type": "Data\n", cache + "0/size": "48K\n",
      cache + "1/level": "1\n", cache + "1/type": "Instruction\n", cache + "1/size": "32K\n",
      cache + "2/level": "2\n", cache + "2/type": "Unified\n", cache + "2/size": "2048K\n",
      cache + "3/level": "3\n", cache + "3/type": "Unified\n", cache + "3/size": "105M\n",
    ])
    let processor = withExtendedLifetime(machine) { Processor(in: machine.files) }
    #expect(processor.vendor == "Intel")
    #expect(processor.model == "Intel(R) Xeon(R) Platinum 8488C")
    #expect(processor.logicalCount == 4)
    #expect(processor.coreCount == 2)
    #expect(
      processor.instructionSets == [
        .avx2, .fma, .avx512f, .avx512BFloat16, .avx512IntegerDotProducts, .amx,
      ])
    #expect(
      processor.caches == .init(level1Data: 48 << 10, level2: 2 << 20, level3: 105 << 20))
  }

  @Test func arm() throws {
    var files = [
      "/proc/cpuinfo": """
      processor\t: 0
      Features\t: fp asimd evtstrm aes sve
      CPU implementer\t: 0x41
      CPU part\t: 0xd40

      processor\t: 1
      """,
      "/sys/devices/system/cpu/online": "0-1\n",
    ]
    for index in 0..<2 {
      files["/sys/devices/system/cpu/cpu\(index)/topology/core_cpus_list"] = "\(index)\n"
    }
    let machine = try FakeMachine(files)
    let processor = withExtendedLifetime(machine) { Processor(in: machine.files) }
    #expect(processor.vendor == "Arm")
    #expect(processor.model == "Neoverse-V1")
    #expect(processor.instructionSets == [.neon, .sve])
    #expect(processor.coreCount == 2)
  }

  @Test func garbage() throws {
    let cache = "/sys/devices/system/cpu/cpu0/cache/index"
    let machine = try FakeMachine([
      "/proc/cpuinfo": "flags: avx2\n:::\n\u{0}\nprocessor",
      cache + "0/level": "1\n", cache + "0/type": "Data\n", cache + "0/size": "K\n",
      cache + "1/level": "2\n", cache + "1/type": "Unified\n",
      cache + "1/size": "9223372036854775807G\n",
    ])
    let processor = withExtendedLifetime(machine) { Processor(in: machine.files) }
    #expect(processor.logicalCount == 1)
    #expect(processor.model == nil)
    #expect(processor.instructionSets.isEmpty)
    #expect(processor.caches == .init())
  }

  @Test func thisMachine() {
    let processor = Processor.detected()
    #expect(processor.logicalCount == ThreadBudget.detected().findings.onlineProcessorCount)
    #expect(!processor.instructionSets.isEmpty)
  }
}
