/// What differs between a checkpoint's settings and those of the training that is to go on from it.
struct SettingDifferences {
  /// What no training can go on with: `batch size: 64 there, 32 here`.
  var refused: [String] = []
  /// What comes from other data, with which a training can go on if that is asked for.
  var ofData: [String] = []
}

extension CheckpointSettings {
  private static let contents = ["training content", "validation content"]
  private static let data = ["training data", "validation data"]
  /// What checkpoints of earlier versions, and data of other kinds, do not have.
  private static let optional = ["classes", "image preparation"]

  /// What differs in the settings of a checkpoint.
  func differences(from other: [String: String]) -> SettingDifferences {
    var differences = SettingDifferences()
    for name in Set(other.keys).union(settings.keys).sorted() {
      let (old, new) = (other[name], settings[name])
      guard old != new else { continue }
      if Self.optional.contains(name), old == nil || new == nil { continue }
      if Self.contents.contains(name) {
        // Not there in checkpoints of earlier versions, nor where nothing tells the content.
        guard old != nil, new != nil else { continue }
        let set = name.replacing(" content", with: "")
        guard other["\(set) data"] == settings["\(set) data"] else { continue }
        differences.ofData.append(
          "\(set) data: as many examples there and here, with other content")
        continue
      }
      let text = Self.text(name, old, new)
      let isValidated = other["validation data"] != "none" && settings["validation data"] != "none"
      if Self.data.contains(name), name == "training data" || isValidated {
        differences.ofData.append(text)
      } else if name == "learning rate", let old, let new,
        stepsPerEpoch != stepsPerEpoch(in: other),
        Self.withoutSteps(old) == Self.withoutSteps(new)
      {
        // A schedule in epochs, which have another number of steps.
        differences.ofData.append(text)
      } else {
        differences.refused.append(text)
      }
    }
    return differences
  }

  /// How many steps an epoch has.
  var stepsPerEpoch: Int { (exampleCount + batchSize - 1) / batchSize }

  /// How many steps an epoch had in the training of a checkpoint that differs in its data only.
  func stepsPerEpoch(in other: [String: String]) -> Int? {
    trainingCount(in: other).map { ($0 - 1) / batchSize + 1 }
  }

  /// Whether the training of a checkpoint that differs in its data only had as many examples.
  func hasSameCount(as other: [String: String]) -> Bool { trainingCount(in: other) == exampleCount }

  private func trainingCount(in other: [String: String]) -> Int? {
    other["training data"]?.split(separator: " ").first.flatMap { Int($0) }.flatMap {
      (1...1 << 53).contains($0) ? $0 : nil
    }
  }

  /// What differs in the machine: the last bits then do.
  ///
  /// Of what counts here: checkpoints of earlier versions name an OpenBLAS that they did not use.
  func machineDifferences(from other: [String: String]) -> [String] {
    machine.keys.sorted().compactMap { name in
      other[name] == machine[name] ? nil : Self.text(name, other[name], machine[name])
    }
  }

  /// The data whose files have other times than in a checkpoint, and the same content as far as that is
  /// compared.
  func changedTimes(from other: [String: String]) -> [String] {
    fileTimes.keys.sorted().filter { other[$0] != nil && other[$0] != fileTimes[$0] }
  }

  private static func text(_ name: String, _ old: String?, _ new: String?) -> String {
    "\(name): \(old ?? "not set") there, \(new ?? "not set") here"
  }

  private static func withoutSteps(_ rule: String) -> String {
    rule.replacing(#/[0-9]+ steps/#, with: "steps")
  }
}
