import Glibc
import ModelFiles

/// Computes a case with the library and checks what comes out.
typealias ReferenceRunner = @Sendable (ReferenceCase) throws -> Void

/// What became of recorded cases.
struct ReferenceRun {
  /// How many cases agree.
  private(set) var passed = 0
  /// What disagrees.
  private(set) var failures: [String] = []
  /// The cases that were skipped, with the reason.
  private(set) var skipped: [(id: String, reason: String)] = []

  /// Runs all cases of a folder.
  init(folder: String, runners: [String: ReferenceRunner]) throws {
    let manifest = try JSONValue(path: folder + "/manifest.json").members("the manifest")
    guard manifest["format"] == .integer(1) else {
      throw ReferenceError("\(folder): this harness reads manifests of format 1.")
    }
    guard case .array(let entries) = try manifest.required("cases"), !entries.isEmpty else {
      throw ReferenceError("\(folder): the manifest has no cases.")
    }
    var files: [String: SafetensorsFile] = [:]
    var ids: Set<String> = []
    for entry in entries {
      do {
        let name = try entry.members("a case").string("file")
        let file = try files[name] ?? SafetensorsFile(path: folder + "/" + name)
        files[name] = file
        let testCase = try ReferenceCase(entry, file: file)
        guard ids.insert(testCase.id).inserted else {
          throw ReferenceError("\(testCase.id): two cases of this name.")
        }
        run(testCase, runners: runners)
      } catch {
        failures.append("\(error)")
      }
    }
  }

  /// Runs cases that were made otherwise.
  init(_ cases: [ReferenceCase], runners: [String: ReferenceRunner]) {
    for testCase in cases { run(testCase, runners: runners) }
  }

  private mutating func run(_ testCase: ReferenceCase, runners: [String: ReferenceRunner]) {
    guard let runner = runners[testCase.op] else {
      skipped.append((testCase.id, "no runner for \(testCase.op)"))
      return
    }
    do {
      try runner(testCase)
      testCase.finish()
    } catch let skip as ReferenceSkip {
      skipped.append((testCase.id, skip.reason))
      return
    } catch {
      testCase.fail("\(error)")
    }
    if testCase.failures.isEmpty { passed += 1 } else { failures += testCase.failures }
  }

  /// One line for each reason to skip, and one that counts.
  func summary(of folder: String) -> String {
    var lines: [String] = []
    for (index, (_, reason)) in skipped.enumerated()
    where !skipped[..<index].contains(where: { $0.reason == reason }) {
      let ids = skipped.filter { $0.reason == reason }.map(\.id).joined(separator: ", ")
      lines.append("reference skipped, \(reason): \(ids)")
    }
    lines.append("reference: \(folder): \(passed) passed, \(skipped.count) skipped")
    return lines.joined(separator: "\n")
  }
}
