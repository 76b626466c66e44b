internal import COpenBLAS
internal import Dispatch
internal import Threads

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The copy of OpenBLAS that is ours alone, loaded by the first use.
///
/// In a name space of its own (`dlmopen`): it starts no threads, and an OpenBLAS that the rest of the
/// program has, before or after, is another one, with the number of threads that it was given
/// (docs/decisions/0024-openblas-is-loaded.md).
struct BLASInstance: Sendable {
  static let fileName = "libopenblas.so.0"

  /// The copy, or why there is none.
  static let loaded = Result<BLASInstance, BLASError> { () throws(BLASError) in
    try BLASInstance()
  }

  /// Calls `body` with the products, for kernels, which cannot fail; waits while there are as many calls as buffers.
  ///
  /// - Precondition: OpenBLAS can be used: plans ask before they choose it (``BLASLibrary/require(threadCount:)``).
  @inline(__always)
  static func call(_ body: (Products) -> Void) {
    let products = readyProducts
    freeBuffers.wait()
    body(products)
    freeBuffers.signal()
  }

  /// The products, with a buffer at least.
  private static let readyProducts: Products = {
    do {
      let instance = try loaded.get()
      try instance.reserveBuffers(threadCount: 1)
      return instance.products
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// The functions of CBLAS that are called.
  struct Products: Sendable {
    let sgemm:
      @convention(c) (
        Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32,
        UnsafePointer<Float>?, Int32, Float, UnsafeMutablePointer<Float>?, Int32
      ) -> Void
    let sgemv:
      @convention(c) (
        Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?,
        Int32,
        Float, UnsafeMutablePointer<Float>?, Int32
      ) -> Void
  }

  let products: Products
  /// OpenBLAS' description of its build.
  let configuration: String
  /// What was done about the core that it chose.
  let coreSwitch: BLASLibrary.SwitchResult
  /// Unchecked: a handle that is never closed, which any thread may look up in.
  private nonisolated(unsafe) let handle: UnsafeMutableRawPointer

  private init() throws(BLASError) {
    guard let environment = copenblas_environment() else {
      throw BLASError("OpenBLAS: expected memory to load it, found none; free some.")
    }
    guard let handle = copenblas_open(Self.fileName, environment) else {
      let reason = dlerror().map { String(cString: $0) } ?? "no reason"
      throw BLASError(
        "OpenBLAS: expected the library \(Self.fileName), found that the system cannot load it: "
          + "\(reason). Install it (apt-get install libopenblas0), or allow more addresses (ulimit -v)."
      )
    }
    func function<Function>(_ name: String, as type: Function.Type) throws(BLASError) -> Function {
      guard let address = dlsym(handle, name) else {
        throw BLASError(
          "OpenBLAS: expected the function \(name) in \(Self.fileName), found none; install OpenBLAS "
            + "0.3 (apt-get install libopenblas0).")
      }
      return unsafeBitCast(address, to: type)
    }
    self.handle = handle
    products = Products(
      sgemm: try function("cblas_sgemm", as: copenblas_sgemm.self),
      sgemv: try function("cblas_sgemv", as: copenblas_sgemv.self))
    configuration = String(
      cString: try function("openblas_get_config", as: copenblas_text.self)())
    coreSwitch = Self.switchToBestCore(handle)
  }

  /// The address of any function of the library, LAPACK's included; nil where it has none.
  func address(of name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }

  /// The core whose kernels it uses.
  var coreName: String { Self.coreName(handle) }

  private static func coreName(_ handle: UnsafeMutableRawPointer) -> String {
    guard let address = dlsym(handle, "openblas_get_corename") else { return "unknown" }
    return String(cString: unsafeBitCast(address, to: copenblas_text.self)())
  }

  /// The threads that one call uses.
  var threadCount: Int {
    guard let address = address(of: "openblas_get_num_threads") else { return 1 }
    return Int(unsafeBitCast(address, to: copenblas_number.self)())
  }

  /// Makes OpenBLAS use the kernels that suit this processor, where it did not choose them itself.
  private static func switchToBestCore(
    _ handle: UnsafeMutableRawPointer
  ) -> BLASLibrary.SwitchResult {
    let name = coreName(handle)
    let userCore = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
    let choice = BLASCoreChoice(core: name, processor: .current, environmentCore: userCore)
    guard let recommended = choice.recommendedCore, !choice.isGood else { return .alreadyBest }
    if userCore != nil { return .chosenByUser }
    // Undocumented: absent from static and non-dynamic builds. The environment is that of its own C
    // library, where it has one.
    guard let quit = dlsym(handle, "gotoblas_dynamic_quit"),
      let start = dlsym(handle, "gotoblas_dynamic_init"),
      let set = dlsym(handle, "setenv"), let unset = dlsym(handle, "unsetenv")
    else { return .unavailable(recommended: recommended) }
    _ = unsafeBitCast(set, to: copenblas_setenv.self)("OPENBLAS_CORETYPE", recommended, 1)
    unsafeBitCast(quit, to: copenblas_action.self)()
    unsafeBitCast(start, to: copenblas_action.self)()
    _ = unsafeBitCast(unset, to: copenblas_unsetenv.self)("OPENBLAS_CORETYPE")
    let now = coreName(handle)
    let isGood = BLASCoreChoice(core: now, processor: .current, environmentCore: nil).isGood
    return isGood ? .switched(from: name, to: now) : .refused(recommended: recommended)
  }

  // MARK: Memory

  /// What a call of OpenBLAS maps for itself, and keeps for later calls: a buffer for each call that runs at
  /// the same time as others.
  static let bufferByteCount = 128 << 20
  /// As many are taken at most, for a build may have no more to give: further threads wait for one.
  private static let mostBuffers = 64
  private static let reservedCount = Lock<Int>(0)
  /// How many buffers there are.
  static var reservedCallCount: Int { reservedCount.withLock { $0 } }
  /// Counts the reserved buffers that no call is using.
  private static let freeBuffers = DispatchSemaphore(value: 0)

  /// Takes the buffers of so many calls at once, ``mostBuffers`` at most.
  ///
  /// A call that does not get one tries again for ever. So they are asked for here, one by one, and taken
  /// only where the system has just given as much.
  func reserveBuffers(threadCount: Int) throws(BLASError) {
    let wanted = min(threadCount, Self.mostBuffers)
    let (take, give) = (address(of: "blas_memory_alloc"), address(of: "blas_memory_free"))
    try Self.reservedCount.withLock { (reserved) throws(BLASError) in
      guard reserved < wanted else { return }
      guard let take, let give else {
        // Another build, which may take its memory otherwise: only the calls are counted.
        for _ in reserved..<wanted { Self.freeBuffers.signal() }
        reserved = wanted
        return
      }
      // Nobody else uses them meanwhile: a call would map one that was not asked for.
      for _ in 0..<reserved { Self.freeBuffers.wait() }
      var taken: [UnsafeMutableRawPointer?] = []
      defer {
        for buffer in taken {
          unsafeBitCast(give, to: copenblas_give_buffer.self)(buffer)
          Self.freeBuffers.signal()
        }
      }
      for _ in 0..<wanted {
        // Those that were given back come first.
        if taken.count >= reserved { try Self.checkAddresses(threadCount: wanted) }
        taken.append(unsafeBitCast(take, to: copenblas_take_buffer.self)(0))
        reserved = max(reserved, taken.count)
      }
    }
  }

  /// Throws where the system does not give the memory of one more buffer.
  private static func checkAddresses(threadCount: Int) throws(BLASError) {
    // And some more, for what comes beside it.
    let byteCount = bufferByteCount + (4 << 20)
    let start = mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else {
      throw BLASError(
        "OpenBLAS: expected \(bufferByteCount >> 20) MiB of addresses for each of \(threadCount) threads, "
          + "found that the system refuses them; allow more (ulimit -v, ulimit -d), use fewer threads, or "
          + "compute without im2row.")
    }
    munmap(start, byteCount)
  }
}
