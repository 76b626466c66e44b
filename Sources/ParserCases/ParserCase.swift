import Datasets
import Graphs
import Layers
import ModelFiles
import Tensors

/// A parser of bytes from outside, with what it takes to attack it: the mutation test and the
/// fuzzer hold every parser to the same contract.
///
/// The contract: whatever the bytes are, the parser returns a value that can be used, or throws an
/// error of its module's type that names the file and says what was expected, what was found and
/// what to do.
package struct ParserCase: Sendable, CustomStringConvertible {
  /// What the case is called on the command line of the fuzzer.
  package let name: String
  /// Sound files, small, to start from.
  package let seeds: [[UInt8]]
  /// Parses bytes that stand for the file `fileName` and uses what comes of it.
  let parse: @Sendable ([UInt8]) throws -> Void
  /// Mends lengths and checksums, so that damage gets past them; nil where there are none.
  let mended: (@Sendable ([UInt8]) -> [UInt8])?

  init(
    _ name: String, seeds: [[UInt8]], mended: (@Sendable ([UInt8]) -> [UInt8])? = nil,
    parse: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.parse = parse
    self.mended = mended
  }

  /// What the files of all cases are called.
  package static let fileName = "hostile-file"

  package var description: String { name }

  /// What the parser made of some bytes.
  package enum Outcome: Hashable, Sendable {
    /// It found them sound.
    case accepted
    /// It threw an error as it should.
    case refused
    /// It threw something else, or an error that does not say enough.
    case violation(String)
  }

  /// Parses the bytes as they are.
  package func outcome(of bytes: [UInt8]) -> Outcome {
    do {
      try parse(bytes)
      return .accepted
    } catch let error as DatasetError {
      return Self.judged(
        error.description, [error.place], [error.expected, error.found, error.advice])
    } catch let error as ModelFileError {
      return Self.judged(
        error.description, [error.file], [error.expected, error.found, error.advice])
    } catch let error as MemoryError {
      return Self.judged(error.description, [error.purpose], [error.advice])
    } catch let error as JSONError {
      return Self.judged(error.description, [], [error.expected, error.found])
    } catch let error as ShapeError {
      // Layers that do not fit each other: no fault of the text's form, and no file to name.
      return Self.judged(error.description, [], [error.description])
    } catch {
      return .violation("an error of another type: \(type(of: error)) \(error)")
    }
  }

  /// Parses the bytes as they are, and mended.
  package func outcomes(of bytes: [UInt8]) -> [Outcome] {
    guard let mended = mended?(bytes), mended != bytes else { return [outcome(of: bytes)] }
    return [outcome(of: bytes), outcome(of: mended)]
  }

  private static func judged(_ text: String, _ places: [String], _ parts: [String]) -> Outcome {
    guard places.allSatisfy({ $0.contains(fileName) }) else {
      return .violation("an error that does not name the file: \(text)")
    }
    guard parts.allSatisfy({ !$0.isEmpty }) else {
      return .violation("an error with an empty part: \(text)")
    }
    guard text.utf8.count <= 100_000 else {
      return .violation("an error of \(text.utf8.count) bytes")
    }
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
    else { return .violation("an error with control characters: \(text.debugDescription)") }
    return .refused
  }
}

/// What is wrong with a value that a parser returned.
struct UnsoundValue: Error {
  let description: String
}

/// Checks a value that a parser returned.
func check(_ condition: Bool, _ description: String) throws {
  guard condition else { throw UnsoundValue(description: description) }
}
