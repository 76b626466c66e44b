import Datasets
import Foundation
import Needletail
import Testing

/// What a computation came to: the bits of its tensors, and numbers that are told.
struct GoldenResult: Codable, Equatable {
  /// A checksum of all tensors with their names, byte for byte.
  var tensors: String
  /// Losses and metrics, in the order in which they were told.
  var numbers: [Double]
}

/// A computation whose bits are recorded.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  let name: String
  let run: @Sendable () throws -> GoldenResult

  var testDescription: String { name }
}

/// Collects the tensors and numbers of a golden computation.
struct GoldenRecorder {
  private var checksum = ContentChecksum()
  private var numbers: [Double] = []

  var result: GoldenResult { GoldenResult(tensors: checksum.text, numbers: numbers) }

  mutating func add(_ name: String, _ elements: [Float]) {
    checksum.add(name)
    checksum.add(elements.count)
    elements.withUnsafeBytes { checksum.add($0) }
  }

  mutating func add(_ number: Double) { numbers.append(number) }

  /// Takes in the variables of a model.
  mutating func add(_ model: Model) throws {
    for variable in model.variables {
      add(variable.name, try model.value(of: variable.name).elements)
    }
  }

  /// Takes in what each epoch told.
  mutating func add(_ history: TrainingHistory) {
    for epoch in history.epochs {
      numbers.append(epoch.loss)
      numbers += epoch.metrics.map(\.value)
      if let validation = epoch.validation {
        numbers.append(validation.loss)
        numbers += validation.metrics.map(\.value)
      }
    }
  }

  /// Takes in the tensors of a model file or a checkpoint, but for the ones that tell the time.
  mutating func add(contentsOf url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    let timed = ["needletail.totals", "needletail.history"]
    for entry in file.tensors.sorted(by: { $0.name < $1.name }) where !timed.contains(entry.name) {
      checksum.add(entry.name)
      checksum.add("\(entry.elementType) \(entry.shape)")
      try file.withUnsafeBytes(ofTensor: entry.name) { checksum.add($0) }
    }
  }
}
