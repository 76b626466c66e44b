import ModelFiles

/// Why recorded cases cannot be read.
struct ReferenceError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Thrown by a runner for a case that needs something the library does not have: the case counts as
/// skipped.
struct ReferenceSkip: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

extension JSONValue {
  /// The members of an object.
  func members(_ name: String) throws -> JSONObject {
    guard case .object(let members) = self else {
      throw ReferenceError("\(name): expected an object, found \(kind).")
    }
    return members
  }
}

extension JSONObject {
  /// The value of a key that must be there.
  func required(_ key: String) throws -> JSONValue {
    guard let value = self[key] else { throw ReferenceError("\(key) is missing.") }
    return value
  }

  /// The text of a key that must be there.
  func string(_ key: String) throws -> String {
    guard case .string(let text) = try required(key) else {
      throw ReferenceError("\(key) is not a text.")
    }
    return text
  }
}
