import ArgumentParser

/// Checks of the numbers that options take, all in the same words.
enum OptionNumber {
  /// Refuses a whole number outside of a range.
  static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError(
        "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value).")
    }
  }

  /// Refuses a number outside of a range, and what is none.
  ///
  /// - Parameter unit: What is counted.
  static func check(
    _ name: String, _ value: Double, in range: ClosedRange<Double>, of unit: String
  ) throws {
    guard range.contains(value) else {
      throw ValidationError(
        "\(name): expected \(NumberText.plain(range.lowerBound)) to \(NumberText.plain(range.upperBound)) \(unit), found "
          + "\(NumberText.plain(value)).")
    }
  }

  /// Refuses what is not above 0, or not finite.
  static func checkPositive(_ name: String, _ value: Float) throws {
    guard value.isFinite, value > 0 else {
      // By way of its digits: 0.1 is another number as a Double.
      let digits = Double("\(value)") ?? Double(value)
      throw ValidationError(
        "\(name): expected a number above 0, found \(NumberText.plain(digits)).")
    }
  }
}

/// A seed as it was written, so that it can be refused in the same words as other numbers.
struct SeedNumber: ExpressibleByArgument, CustomStringConvertible {
  let description: String
  private let number: UInt64?

  init(_ value: UInt64) {
    description = "\(value)"
    number = value
  }

  init?(argument: String) {
    description = argument
    number = UInt64(argument)
  }

  /// The seed, once it was checked.
  var value: UInt64 { number ?? 0 }

  /// Refuses what is no seed.
  func check(_ name: String) throws {
    guard number != nil else {
      throw ValidationError(
        "\(name): expected a whole number from 0 to \(UInt64.max), found \(description).")
    }
  }
}
