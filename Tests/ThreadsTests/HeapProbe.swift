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
  private let usableSize: @convention(c) (UnsafeMutableRawPointer?) -> Int
  private let sizes: UnsafeMutableBufferPointer<Int>
  private let blocks: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>

  /// The blocks that are kept, each with the address of the next at its beginning.
  private let kept: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init?() {
    let program = dlopen(nil, RTLD_NOW)
    guard let allocate = dlsym(program, "malloc"), let free = dlsym(program, "free"),
      let usableSize = dlsym(program, "malloc_usable_size")
    else {
      return nil
    }
    self.allocate = unsafeBitCast(
      allocate, to: (@convention(c) (Int) -> UnsafeMutableRawPointer?).self)
    self.free = unsafeBitCast(free, to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
    self.usableSize = unsafeBitCast(
      usableSize, to: (@convention(c) (UnsafeMutableRawPointer?) -> Int).self)
    sizes = .allocate(capacity: Self.sizes.count)
    _ = sizes.initialize(from: Self.sizes)
    kept = .allocate(capacity: 1)
    kept.initialize(to: nil)
    blocks = .allocate(capacity: Self.sizes.count * Self.depth)
    blocks.initialize(repeating: nil)
  }

  /// Lays the marked blocks out on the calling thread; `false` if they do not stay where they are.
  func lay() -> Bool {
    for (index, size) in sizes.enumerated() {
      // The first round fills the stack, with whatever blocks; the second takes these.
      for _ in 0..<2 {
        for level in 0..<Self.depth {
          let block = allocateExactly(size)
          block?.initializeMemory(as: UInt8.self, repeating: Self.mark, count: size)
          blocks[index * Self.depth + level] = block
        }
        for level in 0..<Self.depth { free(blocks[index * Self.depth + level]) }
      }
    }
    return isUntouched()
  }

  /// Takes a block that will go back on the stack of its size.
  ///
  /// A block that is larger than asked for would go on another one, so the probe keeps it.
  private func allocateExactly(_ size: Int) -> UnsafeMutableRawPointer? {
    while let block = allocate(size) {
      if usableSize(block) == size { return block }
      block.storeBytes(of: kept.pointee, as: UnsafeMutableRawPointer?.self)
      kept.pointee = block
    }
    return nil
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

  /// Gives back what the probe holds.
  func deallocate() {
    while let block = kept.pointee {
      kept.pointee = block.load(as: UnsafeMutableRawPointer?.self)
      free(block)
    }
    kept.deallocate()
    sizes.deallocate()
    blocks.deallocate()
  }

  /// Whether the heap behaves as described: not with another C library, nor under a sanitizer.
  static let works: Bool = {
    guard let probe = HeapProbe() else { return false }
    defer { probe.deallocate() }
    guard probe.lay() else { return false }
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
