package import ModelFiles

extension EpochReport {
  /// The report as one line of JSON without its end: `epoch`, `loss`, the metrics by their names,
  /// the same of the validation set with `validation_` before them, `seconds` and
  /// `images_per_second`.
  ///
  /// Keys are sorted; numbers read back exactly. What is not finite, which JSON cannot hold, is null.
  public var jsonLine: String { JSONValue.object(jsonMembers).canonicalText }

  /// The members of ``jsonLine``.
  package var jsonMembers: JSONObject {
    var members: JSONObject = ["epoch": .integer(epoch), "loss": .finite(loss)]
    for metric in metrics { members[metric.name] = .finite(metric.value) }
    if let validation {
      members["validation_loss"] = .finite(validation.loss)
      for metric in validation.metrics {
        members["validation_" + metric.name] = .finite(metric.value)
      }
    }
    members["seconds"] = .finite(seconds)
    members["images_per_second"] = .finite(examplesPerSecond)
    return members
  }
}

extension JSONValue {
  /// A number, or null for what JSON cannot hold.
  package static func finite(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value) : .null
  }
}
