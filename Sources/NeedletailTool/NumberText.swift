import Foundation
import Needletail

/// Numbers as people read them.
enum NumberText {
  /// An integer in groups of three: `1,234,567`.
  static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
  }

  /// A number of things: `1 image`, `2 images`, `10 classes`.
  static func count(_ value: Int, _ noun: String) -> String {
    "\(grouped(value)) \(noun)\(value == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")"
  }

  /// A number as short as it can be: whole ones without a fraction.
  static func plain(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  /// A number with a fixed count of decimals.
  static func decimal(_ value: Double, _ places: Int) -> String {
    var unit = 1
    for _ in 0..<places { unit *= 10 }
    let scaled = value * Double(unit)
    guard scaled.magnitude < 1e15 else { return "\(value)" }
    let whole = Int(scaled.rounded())
    let decimals = String(whole.magnitude % UInt(unit))
    let sign = whole < 0 ? "-" : ""
    let start = sign + String(whole.magnitude / UInt(unit))
    guard places > 0 else { return start }
    return start + "." + String(repeating: "0", count: places - decimals.count) + decimals
  }

  /// A share: `98.72 %`.
  static func percent(_ fraction: Double) -> String { decimal(fraction * 100, 2) + " %" }

  /// `34.2 MB`, of a million bytes each.
  static func megabytes(_ bytes: Int) -> String { decimal(Double(bytes) / 1e6, 1) + " MB" }

  /// A time: `4.9 s`, `2:05`, `1:02:05`.
  static func duration(_ seconds: Double) -> String {
    guard seconds >= 60 else { return decimal(max(0, seconds), 1) + " s" }
    guard seconds < 1e9 else { return "long" }
    let whole = Int(seconds.rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let minutes = whole / 60
    return minutes < 60
      ? "\(minutes):\(two(whole % 60))" : "\(minutes / 60):\(two(minutes % 60)):\(two(whole % 60))"
  }

  /// `accuracy 98.72 %` for shares, `mean absolute error 0.1234` for others.
  static func metric(_ metric: MetricValue) -> String {
    let name = metric.name.replacing("_", with: " ")
    return metric.name.hasSuffix("accuracy")
      ? "\(name) \(percent(metric.value))" : "\(name) \(loss(metric.value))"
  }

  /// A loss in six characters (seven if it is negative), so that those of several lines stand below
  /// each other: `2.3026`, `14.062`, `0.0007`, and `9.8e-6` where four decimals would show nothing.
  static func loss(_ value: Double) -> String {
    var text = "\(value.magnitude)"
    if value == 0 || (5e-5..<999_999.5).contains(value.magnitude) {
      for places in [4, 3, 2, 1, 0] {
        text = decimal(value.magnitude, places)
        if text.count <= 6 { break }
      }
    } else if value.isFinite {
      var exponent = Int(log10(value.magnitude).rounded(.down))
      var digits = decimal(value.magnitude / pow(10, Double(exponent)), 1)
      if digits == "10.0" { (digits, exponent) = ("1.0", exponent + 1) }
      if (digits + "e\(exponent)").count > 6 { digits.removeLast(2) }
      text = "\(digits)e\(exponent)"
    }
    return String(repeating: " ", count: max(0, 6 - text.count)) + (value < 0 ? "-" : "") + text
  }
}
