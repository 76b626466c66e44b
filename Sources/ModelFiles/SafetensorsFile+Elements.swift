public import Tensors

extension SafetensorsFile {
  /// The elements of a tensor of F32, F64, F16 or BF16, in row-major order.
  ///
  /// 64-bit numbers are rounded to the nearest `Float`, infinity beyond its range. NaN and infinity
  /// are allowed.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor or it holds no floating-point
  ///   numbers.
  public func floats(named name: String) throws(ModelFileError) -> [Float] {
    let entry = try floatEntry(named: name)
    // An array made without room writes its count into the one that all empty arrays share: harmless,
    // but a race for the thread sanitizer.
    guard entry.shape.count > 0 else { return [] }
    return [Float](unsafeUninitializedCapacity: entry.shape.count) { buffer, count in
      copyFloats(of: entry, to: buffer)
      count = entry.shape.count
    }
  }

  /// A tensor of F32, F64, F16 or BF16 with its shape; see ``floats(named:)``.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor or it holds no floating-point
  ///   numbers.
  public func tensor(named name: String) throws(ModelFileError) -> Tensor {
    let entry = try floatEntry(named: name)
    return Tensor(shape: entry.shape) { copyFloats(of: entry, to: $0) }
  }

  /// The elements of a tensor of F64, in row-major order, bit for bit.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor or it holds other numbers.
  package func doubles(named name: String) throws(ModelFileError) -> [Double] {
    let entry = try entry(named: name)
    guard entry.elementType == .float64 else { throw wrongType(entry, expected: "F64") }
    return withUnsafeBytes(of: entry) { bytes in
      (0..<entry.shape.count).map {
        bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self)
      }
    }
  }

  /// The elements of a tensor of I64, I32, I16, I8, U8 or BOOL (0 and 1), in row-major order.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor, it holds no integers, or a truth
  ///   value is neither 0 nor 1.
  public func integers(named name: String) throws(ModelFileError) -> [Int] {
    let entry = try entry(named: name)
    switch entry.elementType {
    case .int64: return elements(of: entry, as: Int64.self) { Int($0) }
    case .int32: return elements(of: entry, as: Int32.self) { Int($0) }
    case .int16: return elements(of: entry, as: Int16.self) { Int($0) }
    case .int8: return elements(of: entry, as: Int8.self) { Int($0) }
    case .uint8: return elements(of: entry, as: UInt8.self) { Int($0) }
    case .boolean:
      let values = elements(of: entry, as: UInt8.self) { Int($0) }
      if let index = values.firstIndex(where: { $0 > 1 }) {
        throw ModelFileError(
          file: path, location: .tensor(name), expected: "truth values of 0 and 1",
          found: "\(values[index]) at index \(index)",
          advice: "The file is damaged; copy or save it again.")
      }
      return values
    case .float64, .float32, .float16, .bfloat16:
      throw wrongType(entry, expected: "integers or truth values")
    }
  }

  /// Copies the elements of a tensor of F32, F64, F16 or BF16; see ``floats(named:)``.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor, it holds no floating-point
  ///   numbers, or it has another shape.
  package func copyFloats(
    named name: String, shape: Shape, to destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelFileError) {
    let entry = try floatEntry(named: name)
    guard entry.shape == shape, destination.count == shape.count else {
      throw ModelFileError(
        file: path, location: .tensor(name), expected: "the shape \(shape)",
        found: "\(entry.shape)", advice: "This file belongs to another network.")
    }
    copyFloats(of: entry, to: destination)
  }

  private func copyFloats(of entry: Entry, to destination: UnsafeMutableBufferPointer<Float>) {
    switch entry.elementType {
    case .float32:
      withUnsafeBytes(of: entry) { UnsafeMutableRawBufferPointer(destination).copyMemory(from: $0) }
    case .float64:
      convert(entry, from: Double.self, to: destination) { Float($0) }
    case .float16:
      convert(entry, from: UInt16.self, to: destination) { Float(halfPrecisionBits: $0) }
    case .bfloat16:
      convert(entry, from: UInt16.self, to: destination) { Float(bitPattern: UInt32($0) << 16) }
    case .int64, .int32, .int16, .int8, .uint8, .boolean:
      preconditionFailure("\(entry.elementType) is not floating-point.")
    }
  }

  private func convert<Stored: BitwiseCopyable>(
    _ entry: Entry, from type: Stored.Type, to destination: UnsafeMutableBufferPointer<Float>,
    _ converted: (Stored) -> Float
  ) {
    withUnsafeBytes(of: entry) { bytes in
      for index in destination.indices {
        let stored = bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
        destination[index] = converted(stored)
      }
    }
  }

  private func elements<Stored: BitwiseCopyable>(
    of entry: Entry, as type: Stored.Type, _ converted: (Stored) -> Int
  ) -> [Int] {
    withUnsafeBytes(of: entry) { bytes in
      (0..<entry.shape.count).map { index in
        converted(
          bytes.loadUnaligned(
            fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
      }
    }
  }

  private func floatEntry(named name: String) throws(ModelFileError) -> Entry {
    let entry = try entry(named: name)
    switch entry.elementType {
    case .float64, .float32, .float16, .bfloat16: return entry
    default: throw wrongType(entry, expected: "floating-point numbers")
    }
  }

  private func wrongType(_ entry: Entry, expected: String) -> ModelFileError {
    ModelFileError(
      file: path, location: .tensor(entry.name), expected: expected,
      found: entry.elementType.rawValue,
      advice: "Read the tensor as what it is, or check whether this is the right file.")
  }
}

extension Float {
  /// The value of an IEEE 754 half-precision number.
  ///
  /// By bits: the standard library's conversion is a call into the compiler's run-time library on
  /// processors without the instruction, and `Float16` is missing on some platforms.
  init(halfPrecisionBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Zero and the numbers below 2⁻¹⁴: multiples of 2⁻²⁴.
      self = Float(fraction) * 0x1p-24 * (sign == 0 ? 1 : -1)
    case 31:
      self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
      self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
