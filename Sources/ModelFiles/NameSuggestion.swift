/// The name that somebody who wrote `name` may have meant; nil where none is near.
///
/// Near: as many changes of single characters (insertions, deletions, replacements, swaps of
/// neighbours; upper and lower case count as equal) as a third of the name's length, at least one.
func nearestName(to name: String, among names: some Sequence<String>) -> String? {
  let wanted = Array(name.lowercased().unicodeScalars.prefix(longestComparedName))
  var nearest: (name: String, distance: Int)?
  for candidate in names {
    let letters = Array(candidate.lowercased().unicodeScalars.prefix(longestComparedName))
    let limit = min(nearest.map { $0.distance - 1 } ?? .max, max(1, wanted.count / 3))
    guard abs(letters.count - wanted.count) <= limit else { continue }
    let distance = editDistance(wanted, letters)
    if distance <= limit { nearest = (candidate, distance) }
    if distance == 0 { break }
  }
  return nearest?.name
}

/// "Did you mean kernelSize?", or what to do where no name is near.
func suggestion(
  for name: String, among names: some Sequence<String>, otherwise advice: String
) -> String {
  nearestName(to: name, among: names).map { "Did you mean \($0)?" } ?? advice
}

/// The most names that are compared with one that is wrong.
let mostComparedNames = 1_000
private let longestComparedName = 100

/// The number of insertions, deletions, replacements and swaps of neighbours between two texts
/// (optimal string alignment; Damerau, Communications of the ACM 7, 1964).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  var older: [Int] = []
  var previous = Array(0...right.count)
  for i in left.indices {
    var current = [i + 1]
    for j in right.indices {
      var best = min(
        previous[j + 1] + 1, current[j] + 1, previous[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
        best = min(best, older[j - 1] + 1)
      }
      current.append(best)
    }
    (older, previous) = (previous, current)
  }
  return previous[right.count]
}
