package import Testing

/// Expects that two arrays have as many elements and agree element by element.
///
/// Elements a and e agree if |a − e| ≤ absolute + relative · |e|, if they are the same infinity, or
/// if both are NaN. Only the first five that do not agree are reported.
package func expectClose(
  _ actual: [Float], _ expected: [Double], relative: Double = 1e-6, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(actual.count) elements instead of \(expected.count) \(comment())",
      sourceLocation: sourceLocation)
    return
  }
  var wrong = 0
  for (index, (a, e)) in zip(actual, expected).enumerated() {
    let a = Double(a)
    if a == e || a.isNaN && e.isNaN { continue }
    if e.isFinite && abs(a - e) <= absolute + relative * abs(e) { continue }
    wrong += 1
    if wrong <= 5 {
      Issue.record(
        "element \(index) is \(a) instead of \(e) \(comment())", sourceLocation: sourceLocation)
    }
  }
  if wrong > 5 {
    Issue.record(
      "\(wrong) of \(actual.count) elements differ \(comment())", sourceLocation: sourceLocation)
  }
}

/// Expects that two arrays have as many elements and agree element by element.
package func expectClose(
  _ actual: [Float], _ expected: [Float], relative: Double = 1e-6, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    actual, expected.map { Double($0) }, relative: relative, absolute: absolute, comment(),
    sourceLocation: sourceLocation)
}
