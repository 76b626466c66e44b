/// The members of a JSON object, in the order in which they were written.
package struct JSONObject: Sendable {
  /// The keys, in order.
  package private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  /// Creates an object without members.
  package init() {}

  /// The value of a key, nil where there is none; a new key goes to the end.
  package subscript(key: String) -> JSONValue? {
    get { values[key] }
    set {
      let isNew = values[key] == nil
      values[key] = newValue
      if newValue == nil {
        if !isNew { keys.removeAll { $0 == key } }
      } else if isNew {
        keys.append(key)
      }
    }
  }
}

extension JSONObject: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { keys.count }
  package subscript(position: Int) -> (key: String, value: JSONValue) {
    (keys[position], values[keys[position]] ?? .null)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Creates an object from its members, in order; of equal keys, the last holds.
  package init(dictionaryLiteral members: (String, JSONValue)...) {
    for (key, value) in members { self[key] = value }
  }
}

extension JSONObject: Hashable {
  /// Whether the members are the same, in any order.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.values == right.values
  }

  /// Feeds the members, without their order, to a hasher.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(values)
  }
}
