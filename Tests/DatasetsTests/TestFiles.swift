import CZlib
import Datasets
import Foundation

/// The bytes as one gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = bytes
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
  let size = output.count
  input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
    }
  }
  return Array(output[..<(size - Int(stream.avail_out))])
}

/// A number as IDX files of a type store it.
func stored(_ value: Int, as type: IDXFile.ElementType) -> [UInt8] {
  func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
  return switch type {
  case .unsignedByte: bytes(UInt8(value))
  case .signedByte: bytes(Int8(value))
  case .int16: bytes(Int16(value))
  case .int32: bytes(Int32(value))
  case .float32: bytes(Float(value).bitPattern)
  case .float64: bytes(Double(value).bitPattern)
  }
}

/// An IDX file, of unsigned bytes if no other type is named.
func idx(_ extents: [UInt32], _ elements: [UInt8], type: UInt8 = 0x08) -> [UInt8] {
  [0, 0, type, UInt8(extents.count)]
    + extents.flatMap { extent in (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) }
    }
    + elements
}

/// A folder of its own that is gone after `body`.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("needletail-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  let result = Result { try body(folder) }
  try FileManager.default.removeItem(at: folder)
  try result.get()
}

func write(_ bytes: [UInt8], to url: URL) throws {
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}
