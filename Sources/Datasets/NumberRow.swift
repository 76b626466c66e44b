import Tensors

/// A line of numbers: one example in text.
public enum NumberRow {
  /// Appends the numbers of a line, which commas, tabs or spaces part; each may stand in double quotes.
  ///
  /// - Parameters:
  ///   - line: The line in UTF-8, without its end.
  ///   - count: How many numbers there must be.
  ///   - place: What to call the line in errors.
  ///   - numbers: Receives the numbers; unchanged after an error.
  /// - Throws: ``DatasetError`` where there are more or fewer numbers, or what stands there is no
  ///   finite number.
  public static func parse(
    _ line: some Collection<UInt8>, count: Int, place: String, into numbers: inout [Float]
  ) throws {
    let found = try [Float](unsafeUninitializedCapacity: max(count, 1)) {
      buffer, initializedCount in
      let room = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      try Array(line).withUnsafeBufferPointer { try parse($0, place: place, into: room) }
      initializedCount = count
    }
    numbers += found
  }

  /// Reads the numbers of a line, which commas, tabs or spaces part, into memory.
  ///
  /// - Parameters:
  ///   - line: The line in UTF-8, without its end.
  ///   - place: What to call the line in errors.
  ///   - numbers: Receives as many numbers as it has room for; after an error some of them.
  /// - Throws: ``DatasetError`` where there are more or fewer numbers, or what stands there is no
  ///   finite number.
  public static func parse(
    _ line: UnsafeBufferPointer<UInt8>, place: @autoclosure () -> String,
    into numbers: UnsafeMutableBufferPointer<Float>
  ) throws(DatasetError) {
    var position = 0
    var count = 0
    // Between two commas there must be a number; spaces around them mean nothing.
    var fieldIsEmpty = true
    while true {
      while position < line.count, isBlank(line[position]) { position += 1 }
      guard position < line.count, line[position] != comma else {
        guard !fieldIsEmpty else {
          throw error(
            place(), "number \(count + 1) of \(numbers.count)", "nothing between two commas",
            advice: "write 0, or what the model was trained on, where a value is missing")
        }
        guard position < line.count else { break }
        fieldIsEmpty = true
        position += 1
        continue
      }
      if numbers.count - count >= 4, startsWithFourZeros(line, at: position) {
        numbers[count..<count + 4].initialize(repeating: 0)
        count += 4
        fieldIsEmpty = true
        position += 8
        continue
      }
      if count < numbers.count, let (value, end) = pixel(line, at: position) {
        numbers.initializeElement(at: count, to: value)
        count += 1
        fieldIsEmpty = true
        position = end
        continue
      }
      let start = position
      let number: Float
      if let (value, end) = shortInteger(line, at: start) {
        (number, position) = (value, end)
      } else if let (value, end) = plainDecimal(line, at: start) {
        (number, position) = (value, end)
      } else {
        while position < line.count, !isBlank(line[position]), line[position] != comma {
          position += 1
        }
        let word = UnsafeBufferPointer(rebasing: line[start..<position])
        guard let value = anyNumber(word) else {
          throw error(
            place(), "number \(count + 1) of \(numbers.count)", "\"\(shown(word))\"",
            advice: advice(on: word, in: line))
        }
        number = value
      }
      // More than there is room for are read on, to be counted.
      if count < numbers.count { numbers.initializeElement(at: count, to: number) }
      count += 1
      fieldIsEmpty = false
    }
    guard count == numbers.count else {
      throw error(
        place(), counted(numbers.count, "number"), "\(count)",
        advice: advice(onCount: count, insteadOf: numbers.count, in: line))
    }
  }

  private static func error(
    _ place: String, _ expected: String, _ found: String, advice: String?
  ) -> DatasetError {
    DatasetError(
      .malformed, at: place, expected: expected, found: found,
      advice: advice ?? "write one example a line, its numbers parted by commas or spaces")
  }

  // MARK: Numbers

  private static let comma = UInt8(ascii: ",")

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// Whether `0,0,0,0,` stands at a place, as in images with a dark ground.
  @inline(__always)
  private static func startsWithFourZeros(
    _ line: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> Bool {
    guard line.count - start >= 8 else { return false }
    let bytes = UnsafeRawBufferPointer(line).loadUnaligned(fromByteOffset: start, as: UInt64.self)
    return bytes == UInt64(littleEndian: 0x2C30_2C30_2C30_2C30)
  }

  /// The number that starts at a place and where the next may start, if it is of up to three digits
  /// and a comma follows.
  ///
  /// Looks at four bytes at once: whether a pixel has one digit or three is not to be guessed.
  @inline(__always)
  private static func pixel(
    _ line: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (value: Float, end: Int)? {
    guard line.count - start >= 4 else { return nil }
    let bytes = UInt32(
      littleEndian: UnsafeRawBufferPointer(line).loadUnaligned(
        fromByteOffset: start, as: UInt32.self))
    // A digit becomes its value. Others get a high bit: of their own, or carried into it from 10 on.
    let values = bytes ^ 0x3030_3030
    let others = (values | ((values & 0x7F7F_7F7F) &+ 0x7676_7676)) & 0x8080_8080
    let digitCount = others.trailingZeroBitCount / 8
    guard digitCount > 0, digitCount < 4, line[start + digitCount] == comma else { return nil }
    // Ones into the highest byte, tens and hundreds below it.
    let digits = values << UInt32(8 * (4 - digitCount))
    let value = (digits >> 24) + (digits >> 16 & 0xFF) * 10 + (digits >> 8 & 0xFF) * 100
    return (Float(value), start + digitCount + 1)
  }

  /// The number that starts at a place and where it ends, if it is of up to seven digits and nothing
  /// else, as pixels are: a `Float` holds it exactly.
  @inline(__always)
  private static func shortInteger(
    _ line: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (value: Float, end: Int)? {
    var value: UInt32 = 0
    var position = start
    let limit = min(line.count, start + 7)
    while position < limit {
      let digit = line[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      value = value &* 10 &+ UInt32(digit)
      position += 1
    }
    guard position > start,
      position == line.count || line[position] == comma || isBlank(line[position])
    else { return nil }
    return (Float(value), position)
  }

  /// The number that starts at a place and where it ends, if it is written as most are (`12`,
  /// `-0.375`, `1.5e-3`) and one rounding gives it; nil leaves it to ``anyNumber(_:)``.
  ///
  /// Digits that fit 53 bits and a power of ten up to 10²² are exact as `Double`, so their product
  /// is the number rounded once; rounding it to `Float` differs from rounding the number itself
  /// only where it lies in the middle of two (D. M. Gay, "Correctly rounded binary-decimal and
  /// decimal-binary conversions", 1990).
  private static func plainDecimal(
    _ line: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (value: Float, end: Int)? {
    var position = start
    let isNegative = line[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var digits: UInt64 = 0
    var exponent = 0
    let firstDigit = position
    while position < line.count, let digit = decimalDigit(line[position]) {
      digits = digits &* 10 &+ digit
      position += 1
    }
    var digitCount = position - firstDigit
    guard digitCount > 0 else { return nil }
    if position < line.count, line[position] == UInt8(ascii: ".") {
      position += 1
      let point = position
      while position < line.count, let digit = decimalDigit(line[position]) {
        digits = digits &* 10 &+ digit
        position += 1
      }
      exponent = point - position
      guard exponent < 0 else { return nil }
      digitCount -= exponent
    }
    if position < line.count, line[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      var sign = 1
      if position < line.count,
        line[position] == UInt8(ascii: "-") || line[position] == UInt8(ascii: "+")
      {
        sign = line[position] == UInt8(ascii: "-") ? -1 : 1
        position += 1
      }
      let point = position
      var written = 0
      while position < line.count, position - point < 3, let digit = decimalDigit(line[position]) {
        written = written * 10 + Int(digit)
        position += 1
      }
      guard position > point else { return nil }
      exponent += sign * written
    }
    guard position == line.count || isBlank(line[position]) || line[position] == comma,
      // 18 digits do not overflow.
      digitCount <= 18, digits < 1 << 53, (-22...22).contains(exponent)
    else { return nil }
    let exact = Double(digits)
    let value = exponent < 0 ? exact / powersOfTen[-exponent] : exact * powersOfTen[exponent]
    let isMiddle = value.bitPattern & 0x1FFF_FFFF == 0x1000_0000
    guard value == 0 || (value >= 0x1p-126 && value < 0x1p127 && !isMiddle) else { return nil }
    return (isNegative ? -Float(value) : Float(value), position)
  }

  @inline(__always)
  private static func decimalDigit(_ byte: UInt8) -> UInt64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? UInt64(value) : nil
  }

  /// 10⁰ to 10²², all exact.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// A finite number in any notation that Swift reads, of up to 40 characters; also one in double quotes.
  private static func anyNumber(_ word: UnsafeBufferPointer<UInt8>) -> Float? {
    let quote = UInt8(ascii: "\"")
    if word.count > 2, word.first == quote, word.last == quote {
      return anyNumber(UnsafeBufferPointer(rebasing: word.dropFirst().dropLast()))
    }
    // `Float` reads no further than a zero byte, and says nothing.
    guard word.count <= 40, !word.contains(0),
      let number = Float(String(decoding: word, as: UTF8.self)), number.isFinite
    else { return nil }
    return number
  }

  /// The start of what is no number, fit for a message.
  private static func shown(_ word: UnsafeBufferPointer<UInt8>) -> String {
    String(
      String(decoding: word.prefix(40), as: UTF8.self).unicodeScalars.map {
        $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0)
      })
  }
}
