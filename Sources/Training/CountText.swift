/// A number of things: `1 step`, `2 steps`.
func counted(_ value: Int, _ noun: String) -> String { "\(value) \(noun)\(value == 1 ? "" : "s")" }
