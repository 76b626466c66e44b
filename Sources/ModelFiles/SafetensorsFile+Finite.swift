import Graphs
import Tensors

extension SafetensorsFile {
  /// Checks that the values of variables are finite, in the order of the variables; those without
  /// a tensor are passed over.
  ///
  /// - Throws: ``ModelFileError`` with the tensor and the place of the first value that is not.
  func checkFinite(_ variables: [Variable]) throws(ModelFileError) {
    for variable in variables {
      guard let entry = self[variable.name], let index = firstNotFinite(of: entry) else { continue }
      let value = try floats(named: entry.name)[index]
      throw ModelFileError(
        file: path, location: .tensor(entry.name), expected: "finite numbers",
        found: "\(value) at \(Self.place(of: index, in: entry.shape))",
        advice: "The training diverged, or the file is damaged: use an earlier model, or a lower "
          + "learning rate; loadValues(from:allowing: .notFinite) loads it all the same.")
    }
  }

  /// The index of the first element that is not finite once it is a `Float`.
  private func firstNotFinite(of entry: Entry) -> Int? {
    func first<Stored: BitwiseCopyable>(
      _ type: Stored.Type, _ isFinite: (Stored) -> Bool
    ) -> Int? {
      withUnsafeBytes(of: entry) { bytes in
        (0..<entry.shape.count).first { index in
          !isFinite(
            bytes.loadUnaligned(
              fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
        }
      }
    }
    switch entry.elementType {
    case .float32: return first(UInt32.self) { $0 & 0x7F80_0000 != 0x7F80_0000 }
    case .float64: return first(Double.self) { Float($0).isFinite }
    case .float16: return first(UInt16.self) { $0 & 0x7C00 != 0x7C00 }
    case .bfloat16: return first(UInt16.self) { $0 & 0x7F80 != 0x7F80 }
    case .int64, .int32, .int16, .int8, .uint8, .boolean: return nil
    }
  }

  /// The position of an element by its number in row-major order: `[3, 17]`.
  private static func place(of index: Int, in shape: Shape) -> String {
    var rest = index
    var position: [Int] = []
    for extent in shape.dimensions.reversed() {
      position.append(rest % extent)
      rest /= extent
    }
    return "\(Shape(position.reversed()))"
  }
}
