import Glibc

/// Tells whether a thread has taken memory from the heap between two moments.
///
/// glibc keeps the blocks that a thread frees in a stack of its own for each size, and gives the
/// last one back first, as it is. So the probe fills the stacks with blocks full of a mark; who takes
/// one and writes to it leaves a trace, even if it has given it back since. (Blocks above 1 KiB, and
/// what is written to the first 16 bytes only, are not seen.) A probe belongs to one thread.
struct HeapProbe {
  private static let sizes = Array(stride(from: 24, through: 1_032, by: 16))
  /// As many blocks as one of the stacks holds.
  private static let depth = 7
  private static let mark: UInt8 = 0xA7

  // Called by address: the optimizer knows by name what `malloc` and `free` do, and that nobody
  // may look at a block that is free.
  private let allocate: @convention(c) (Int) -> UnsafeMutableRawPointer?
  private let free: @convention(c) (UnsafeMutableRawPointer?) -> Void
  private let sizes: UnsafeMutableBufferPointer<Int>
  private let blocks: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>

  init?() {
    let program = dlopen(nil, RTLD_NOW)
    guard let allocate = dlsym(program, "malloc"), let free = dlsym(program, "free") else {
      return nil
    }
    self.allocate = unsafeBitCast(
      allocate, to: (@convention(c) (Int) -> UnsafeMutableRawPointer?).self)
    self.free = unsafeBitCast(free, to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
    sizes = .allocate(capacity: Self.sizes.count)
    _ = sizes.initialize(from: Self.sizes)
    blocks = .allocate(capacity: Self.sizes.count * Self.depth)
    blocks.initialize(repeating: nil)
  }

  /// Lays the marked blocks out on the calling thread.
  func lay() {
    for (index, size) in sizes.enumerated() {
      // The first round only fills the stack, with whatever; the second takes all of it.
      for _ in 0..<2 {
        for level in 0..<Self.depth {
          let block = allocate(size)
          block?.initializeMemory(as: UInt8.self, repeating: Self.mark, count: size)
          blocks[index * Self.depth + level] = block
        }
        for level in 0..<Self.depth { free(blocks[index * Self.depth + level]) }
      }
    }
  }

  /// Whether all blocks still lie where the calling thread laid them, untouched.
  func isUntouched() -> Bool {
    var isUntouched = true
    for (index, size) in sizes.enumerated() {
      for level in (0..<Self.depth).reversed() {
        let block = allocate(size)
        isUntouched = isUntouched && block == blocks[index * Self.depth + level]
        blocks[index * Self.depth + level] = block
        guard let block else { return false }
        for offset in 16..<size
        where block.load(fromByteOffset: offset, as: UInt8.self) != Self.mark {
          isUntouched = false
        }
      }
      for level in 0..<Self.depth { free(blocks[index * Self.depth + level]) }
    }
    return isUntouched
  }

  func deallocate() {
    sizes.deallocate()
    blocks.deallocate()
  }

  /// Whether the heap behaves as described: not with another C library, nor under a sanitizer.
  static let works: Bool = {
    guard let probe = HeapProbe() else { return false }
    defer { probe.deallocate() }
    probe.lay()
    guard probe.isUntouched() else { return false }
    probe.lay()
    touchTheHeap()
    return !probe.isUntouched()
  }()

  /// Allocates and frees one small object.
  static func touchTheHeap() {
    Box(Int(getpid())).escape()
  }

  private final class Box {
    var value: Int

    init(_ value: Int) { self.value = value }

    /// Keeps the object off the stack.
    @inline(never)
    @_optimize(none)
    func escape() {}
  }
}
