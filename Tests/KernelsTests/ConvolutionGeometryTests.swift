import Kernels
import Testing
import Threads

@Suite struct ConvolutionGeometryTests {
  private static let mnist = ConvolutionGeometry(
    inputHeight: 28, inputWidth: 28, inputChannels: 1, outputChannels: 32, kernelHeight: 3,
    kernelWidth: 3)

  @Test func sizesWithoutPadding() {
    let g = Self.mnist
    #expect(g.problem == nil)
    #expect(g.outputHeight == 26 && g.outputWidth == 26)
    #expect(g.weightCount == 288 && g.patchSize == 9)
    #expect(g.flops(batch: 2) == Double(2 * 2 * 26 * 26 * 32 * 9))
  }

  // TensorFlow: output = ceil(input / stride), the odd row or column of padding at the end.
  @Test(arguments: [
    (28, 3, 1, 1, 28, 1, 1), (28, 3, 2, 1, 14, 0, 1), (11, 5, 2, 1, 6, 2, 2),
    (10, 2, 1, 1, 10, 0, 1), (10, 3, 1, 2, 10, 2, 2), (7, 1, 2, 1, 4, 0, 0),
    (5, 2, 3, 1, 2, 0, 0), (1, 4, 1, 1, 1, 1, 2),
  ])
  func samePadding(
    _ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ output: Int, _ before: Int,
    _ after: Int
  ) {
    var g = Self.mnist
    g.inputHeight = input
    g.kernelHeight = kernel
    g.strideHeight = stride
    g.dilationHeight = dilation
    g = g.withSamePadding()
    #expect(g.outputHeight == output)
    #expect(g.padding.top == before && g.padding.bottom == after)
  }

  @Test func strideRoundsDown() {
    var g = Self.mnist
    g.strideHeight = 2
    g.strideWidth = 5
    g.padding = WindowPadding(top: 1, left: 0, bottom: 1, right: 3)
    #expect(g.outputHeight == 14 && g.outputWidth == 6)
  }

  @Test func impossibleSizesAreNamed() {
    func problem(_ change: (inout ConvolutionGeometry) -> Void) -> String {
      var g = Self.mnist
      change(&g)
      return g.problem ?? "none"
    }
    #expect(problem { $0.inputHeight = 0 } == "input height is 0; it must be at least 1")
    #expect(problem { $0.strideWidth = -1 } == "horizontal stride is -1; it must be at least 1")
    #expect(problem { $0.padding.left = -1 } == "left padding is -1; it must be at least 0")
    #expect(
      problem { $0.kernelWidth = .max }
        == "kernel width is 9223372036854775807; it must be at least 1 and less than 2147483648")
    #expect(
      problem { $0.groups = 3 }
        == "1 input channels and 32 output channels cannot be divided into 3 groups")
    #expect(
      problem {
        $0.kernelHeight = 29
        $0.padding.right = 4
      } == "a kernel that spans 29 x 3 pixels does not fit an image of 28 x 32 pixels, "
        + "padding included")
    #expect(
      problem { $0.dilationWidth = 14 }
        == "a kernel that spans 3 x 29 pixels does not fit an image of 28 x 28 pixels, "
        + "padding included")
    #expect(
      problem {
        $0.inputHeight = 1 << 30
        $0.inputWidth = 1 << 30
      } == "an array of 1073741824 x 1073741824 x 1 elements is too large")
  }

  @Test func sameOfImpossibleSizesDoesNotTrap() {
    var g = Self.mnist
    g.strideHeight = 0
    g.kernelWidth = .max
    #expect(g.withSamePadding().problem != nil)
  }

  @Test func ruleOfAlgorithms() {
    var g = Self.mnist
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
    g.inputChannels = 32
    for (size, expected) in [
      (28, ConvolutionAlgorithm.winograd4), (12, .winograd4), (13, .winograd5), (10, .winograd5),
      (6, .winograd3), (3, .winograd3), (2, .direct),
    ] {
      g.inputHeight = size + 2
      g.inputWidth = size + 2
      #expect(ConvolutionAlgorithm.recommended(for: g) == expected, "\(size) x \(size)")
    }
    g.inputHeight = 28
    g.inputWidth = 28
    g.outputChannels = 15
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
    g.outputChannels = 32
    g.strideWidth = 2
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
    g.strideWidth = 1
    g.dilationWidth = 2
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
    g = Self.mnist
    g.kernelHeight = 1
    g.kernelWidth = 1
    #expect(ConvolutionAlgorithm.recommended(for: g) == .matrixProduct)
    g.strideWidth = 2
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
    g.inputChannels = 32
    g.groups = 32
    #expect(ConvolutionAlgorithm.recommended(for: g) == .depthwise)
    g.outputChannels = 64
    #expect(ConvolutionAlgorithm.recommended(for: g) == .direct)
  }
}
