/// Reads the members of an object strictly: each that is asked for once, and none may be left over.
final class DescribedObject {
  let field: DescribedField
  private var remaining: [String: DescribedValue.Member] = [:]
  /// What has been asked for, in order: all names that the object may have.
  private var known: [String] = []

  init(_ field: DescribedField, members: [DescribedValue.Member]) {
    self.field = field
    for member in members { remaining[member.key] = member }
  }

  /// Whether there is a member of a name that has not been asked for.
  func has(_ name: String) -> Bool { remaining[name] != nil }

  /// The member of a name; nil where it is missing.
  func optional(_ name: String) -> DescribedField? {
    known.append(name)
    guard let member = remaining.removeValue(forKey: name) else { return nil }
    return field.part(member.value, name)
  }

  /// The member of a name.
  func required(_ name: String, _ expectation: String) throws(ModelFileError) -> DescribedField {
    if let field = optional(name) { return field }
    let others = remaining.keys.sorted(by: precedes).prefix(mostComparedNames)
    if let typo = nearestName(to: name, among: others) {
      throw at(remaining[typo]?.keyPosition).error(
        "to have \(name), \(expectation)", found: quoted(typo), advice: "Did you mean \(name)?")
    }
    throw field.error("to have \(name), \(expectation)", found: "none")
  }

  /// Checks that every member was asked for.
  func finish() throws(ModelFileError) {
    guard let name = remaining.keys.min(by: precedes) else { return }
    throw at(remaining[name]?.keyPosition).error(
      known.isEmpty ? "to have no arguments" : "to have none but \(known.joined(separator: ", "))",
      found: quoted(name),
      advice: suggestion(
        for: name, among: known, otherwise: "Leave it out; it would have no effect."))
  }

  /// The object, placed where one of its keys is.
  private func at(_ position: DescribedValue.TextPosition?) -> DescribedField {
    guard let position else { return field }
    let value = DescribedValue(field.value.content, at: position)
    return DescribedField(value: value, path: field.path, source: field.source)
  }
}
