package import Tensors
package import Threads

/// Where something lies while a plan runs: a region of memory and an offset in bytes.
package struct Place: Hashable, Sendable {
  package enum Region: Hashable, Sendable {
    /// The context's own planned memory.
    case arena
    /// The model's variables.
    case variables
    /// The gradients of the variables, laid out as the variables are.
    case gradients
    /// Weights in the form that kernels work on, kept from run to run.
    case prepared
    /// What the caller feeds, by the input's index.
    case input
    /// Nowhere: asked for by nobody.
    case none
  }

  package var region: Region
  /// Bytes from the region's start; for `.input` the input's index.
  package var offset: Int

  package init(_ region: Region, offset: Int) {
    self.region = region
    self.offset = offset
  }

  package static let none = Place(.none, offset: 0)
}

/// The memory of one run of a plan, reused by the next: everything a run touches besides the
/// variables.
///
/// One run at a time; the pool that hands contexts out sees to it.
package final class ExecutionContext: @unchecked Sendable {
  private let arena: AlignedBuffer<UInt8>
  private let fed: AlignedBuffer<UInt>
  private let arenaBase: UnsafeMutableRawPointer

  /// The variables that the current run reads; in training it also updates statistics.
  package var variables: UnsafeMutableRawPointer
  /// Where the current run writes gradients.
  package var gradients: UnsafeMutableRawPointer
  /// The prepared weights, made of `variables` by ``Plan/prepare(_:)``.
  package var prepared: UnsafeMutableRawPointer
  /// The number of examples of the current run.
  package var batch = 0
  /// How many examples a whole batch has, where smaller ones are to count by their share in running
  /// statistics; 0 where each counts as a whole one.
  package var wholeBatch = 0
  /// The threads that run kernels.
  package let team: WorkerTeam
  /// The key of the random numbers that a training step draws.
  package var randomKey: UInt64 = 0
  /// The number of the training step, for random numbers.
  package var step: UInt64 = 0

  /// - Throws: `MemoryError` if the memory is not there.
  package init(
    arenaByteCount: Int, inputCount: Int, team: WorkerTeam, purpose: @autoclosure () -> String
  ) throws(MemoryError) {
    self.arena = try AlignedBuffer(count: arenaByteCount, for: purpose())
    self.fed = AlignedBuffer(count: inputCount)
    self.team = team
    self.arenaBase = UnsafeMutableRawPointer(arena.pointer)
    self.variables = arenaBase
    self.gradients = arenaBase
    self.prepared = arenaBase
  }

  /// Sets where an input's elements are for the next run.
  package func feed(_ pointer: UnsafeRawPointer, toInput index: Int) {
    fed.pointer[index] = UInt(bitPattern: pointer)
  }

  package func bytes(_ place: Place) -> UnsafeMutableRawPointer {
    switch place.region {
    case .arena: return arenaBase + place.offset
    case .variables: return variables + place.offset
    case .gradients: return gradients + place.offset
    case .prepared: return prepared + place.offset
    case .input:
      guard let pointer = UnsafeMutableRawPointer(bitPattern: fed.pointer[place.offset]) else {
        preconditionFailure("Input \(place.offset) of the plan was not fed.")
      }
      return pointer
    case .none: preconditionFailure("An operation touched memory that it did not ask for.")
    }
  }

  package func floats(_ place: Place) -> UnsafeMutablePointer<Float> {
    bytes(place).assumingMemoryBound(to: Float.self)
  }

  package func integers(_ place: Place) -> UnsafeMutablePointer<Int32> {
    bytes(place).assumingMemoryBound(to: Int32.self)
  }

  package func floats(_ place: Place?) -> UnsafeMutablePointer<Float>? {
    place.map { floats($0) }
  }
}
