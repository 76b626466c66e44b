package import Threads

extension Graph {
  /// How plans compute the graph's convolutions, by their nodes.
  ///
  /// Not by a node alone: what a convolution takes in, such as the maxima over its result, has a say.
  ///
  /// - Parameter named: The algorithm for all convolutions that it can compute; nil for the rule's
  ///   choice.
  package func convolutionAlgorithms(
    named: ConvolutionAlgorithm?
  ) -> [Int: ConvolutionAlgorithm] {
    let results = Set(nodes.indices).subtracting(nodes.flatMap(\.inputs))
    var algorithms: [Int: ConvolutionAlgorithm] = [:]
    for node in Rewriter.plannedNodes(of: self, wanted: results, isInference: false) {
      algorithms[node.firstID] =
        (node.kernel as? ConvolutionKernel)?.choice(
          inputs: node.inputTypes, named: named
        ).algorithm
    }
    return algorithms
  }

  /// Whether plans of the graph call OpenBLAS, if an algorithm is named for its convolutions.
  ///
  /// The rule chooses kernels of our own alone.
  package func usesBLAS(named: ConvolutionAlgorithm?) -> Bool {
    named == .im2row && convolutionAlgorithms(named: named).values.contains(.im2row)
  }
}
