/// What the elements of a tensor in a safetensors file are, all little-endian.
public enum SafetensorsElementType: String, Sendable, Hashable, CaseIterable {
  /// 64-bit floating-point numbers.
  case float64 = "F64"
  /// 32-bit floating-point numbers.
  case float32 = "F32"
  /// IEEE 754 half-precision floating-point numbers.
  case float16 = "F16"
  /// The upper halves of 32-bit floating-point numbers.
  case bfloat16 = "BF16"
  /// 64-bit signed integers.
  case int64 = "I64"
  /// 32-bit signed integers.
  case int32 = "I32"
  /// 16-bit signed integers.
  case int16 = "I16"
  /// 8-bit signed integers.
  case int8 = "I8"
  /// 8-bit unsigned integers.
  case uint8 = "U8"
  /// Truth values: a byte each, 0 or 1.
  case boolean = "BOOL"

  /// The bytes that an element takes.
  public var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .boolean: 1
    }
  }

  /// The bytes that the elements of a shape take; nil where the number does not fit `Int`.
  func byteCount(ofElements count: Int) -> Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    return overflow ? nil : bytes
  }
}
