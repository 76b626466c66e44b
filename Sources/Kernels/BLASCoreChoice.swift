/// The instruction sets that decide which of OpenBLAS' kernels suit a processor.
package struct ProcessorFeatures: Sendable, Hashable {
  package var isX86: Bool
  package var hasAVX2: Bool
  package var hasAVX512: Bool

  package init(isX86: Bool, hasAVX2: Bool, hasAVX512: Bool) {
    self.isX86 = isX86
    self.hasAVX2 = hasAVX2
    self.hasAVX512 = hasAVX512
  }
}

/// Judges the core that OpenBLAS chose.
///
/// OpenBLAS knows the processors up to its own time and uses an older core's kernels on newer ones.
package struct BLASCoreChoice: Sendable, Hashable {
  package let core: String
  package let processor: ProcessorFeatures
  /// The value of `OPENBLAS_CORETYPE`, where it is set.
  package let environmentCore: String?

  package init(core: String, processor: ProcessorFeatures, environmentCore: String?) {
    self.core = core
    self.processor = processor
    self.environmentCore = environmentCore.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The core to ask for; nil off x86-64, where OpenBLAS chooses by itself, and without AVX2,
  /// where Needletail knows nothing better.
  package var recommendedCore: String? {
    guard processor.isX86 else { return nil }
    if processor.hasAVX512 { return "SkylakeX" }
    return processor.hasAVX2 ? "Haswell" : nil
  }

  /// Whether the kernels use the widest vectors of the processor.
  package var isGood: Bool {
    guard recommendedCore != nil else { return true }
    let name = core.lowercased()
    let wide = ["skylakex", "cooperlake", "sapphirerapids"]
    return wide.contains(name) || (!processor.hasAVX512 && ["haswell", "zen"].contains(name))
  }

  /// What the core costs and how to change it; nil where it is good.
  package var warning: String? {
    guard let recommendedCore, !isGood else { return nil }
    let vectors = processor.hasAVX512 ? "AVX-512" : "AVX2"
    let cost =
      "OpenBLAS uses the kernels of the core \(core), though this processor has \(vectors): "
      + "matrix products run at about half the possible speed or less."
    if let environmentCore {
      return "\(cost) The environment variable OPENBLAS_CORETYPE=\(environmentCore) asks for "
        + "this; unset it, or set it to \(recommendedCore)."
    }
    return "\(cost) This version of OpenBLAS does not know the processor; set the environment "
      + "variable OPENBLAS_CORETYPE=\(recommendedCore), or install a newer OpenBLAS."
  }
}
