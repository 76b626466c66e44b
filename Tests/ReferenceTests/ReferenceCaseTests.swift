import Glibc
import Testing

/// The library against what PyTorch and scikit-learn computed in double precision.
///
/// The cases lie beside this file; `NEEDLETAIL_REFERENCE` names a folder of others.
@Suite struct ReferenceCaseTests {
  @Test func everyRecordedCase() throws {
    let given = getenv("NEEDLETAIL_REFERENCE").map { String(cString: $0) } ?? ""
    let copy = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    let folder = given.isEmpty ? copy + "/Reference" : given
    let run = try ReferenceRun(folder: folder, runners: referenceRunners)
    print(run.summary(of: given.isEmpty ? "Tests/ReferenceTests/Reference" : given))
    for failure in run.failures { Issue.record("\(failure)") }
  }
}
