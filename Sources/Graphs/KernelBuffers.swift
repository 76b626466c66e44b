/// A buffer that a kernel asked for.
package struct BufferHandle: Hashable, Sendable {
  let index: Int
}

/// What tells one form of packed weights from another: the sizes, the algorithm, the pass.
///
/// Steps that pack the same values into the same form share one buffer, which is filled once a run.
package struct PackedForm: Hashable, @unchecked Sendable {
  // Unchecked: AnyHashable is not Sendable, and what it holds here is.
  private let value: AnyHashable

  /// A form that is described by a value of a type of its own.
  package init(_ value: some Hashable & Sendable) {
    self.value = AnyHashable(value)
  }
}

/// What a kernel needs besides its inputs and its output: asked for while the kernel is planned, found
/// at the handles while it runs.
///
/// Sizes hold for the planned maximum of examples. Each buffer starts at a multiple of 64 bytes.
package struct KernelBuffers: Sendable {
  /// One of the two passes over a kernel.
  package enum Pass: Sendable {
    case forward
    case backward
  }

  /// When a buffer is in use.
  enum Life: Sendable {
    /// From the forward pass to the backward pass, or during the forward pass where there is no other.
    case saved
    /// During one pass.
    case scratch(Pass)
    /// From the first step that packs it to the last that reads it.
    case packed
  }

  /// A buffer that was asked for.
  struct Request: Sendable {
    var byteCount: Int
    var life: Life
  }

  /// How packed buffers are filled.
  struct Packing: Sendable {
    var handles: [BufferHandle]
    /// The inputs that they are made of.
    var slots: [Int]
    var form: PackedForm
    /// Bytes of scratch memory while they are filled.
    var scratchByteCount: Int
    var pass: Pass
    var pack: Pack
  }

  /// Makes the instruction that fills packed buffers.
  package typealias Pack =
    @Sendable (
      _ bindings: KernelBindings, _ targets: [Place], _ scratch: Place
    ) -> Instruction

  private(set) var requests: [Request] = []
  private(set) var packings: [Packing] = []

  /// Asks for memory that the forward pass fills for the backward pass.
  ///
  /// It has a place where nothing goes backward, too: kernels that fill it need not know.
  package mutating func saved(bytes: Int) -> BufferHandle { add(bytes, .saved) }

  /// Asks for memory that the forward pass fills for the backward pass.
  package mutating func saved(floats: Int) -> BufferHandle { saved(bytes: floats * 4) }

  /// Asks for memory during one pass.
  package mutating func scratch(floats: Int, _ pass: Pass) -> BufferHandle {
    add(floats * 4, .scratch(pass))
  }

  /// Asks for weights in the form that a pass works on: filled before the pass, once for all steps that
  /// ask for the same form of the same inputs, and where the caller keeps such weights once for all runs.
  ///
  /// - Parameters:
  ///   - slots: The inputs that they are made of.
  ///   - form: What tells this form from others.
  ///   - floats: The sizes of the buffers, which may not depend on the batch.
  ///   - scratchFloats: Scratch memory while they are filled.
  ///   - pass: The pass that reads them.
  ///   - pack: Makes the instruction that fills them.
  /// - Returns: one buffer for each size.
  package mutating func packed(
    _ slots: [Int], as form: PackedForm, floats: [Int], scratchFloats: Int = 0, for pass: Pass,
    _ pack: @escaping Pack
  ) -> [BufferHandle] {
    let handles = floats.map { add($0 * 4, .packed) }
    packings.append(
      Packing(
        handles: handles, slots: slots, form: form, scratchByteCount: scratchFloats * 4,
        pass: pass, pack: pack))
    return handles
  }

  private mutating func add(_ byteCount: Int, _ life: Life) -> BufferHandle {
    requests.append(Request(byteCount: byteCount, life: life))
    return BufferHandle(index: requests.count - 1)
  }
}
