import Graphs
import Layers
import Tensors
import Testing

@Suite struct PresetTests {
  /// Parameters by hand: weights and biases of every layer, scales and offsets of every
  /// normalisation.
  @Test(arguments: [
    (Preset.mlp, 669_706), (.lenet5, 61_706), (.mnistCNN, 93_322), (.cifarCNN, 315_722),
    (.vgg8, 4_707_786), (.resnet18, 11_173_962), (.resnet20, 269_722), (.digitsCNN, 43_050),
    (.resnet50, 25_557_032),
  ])
  func parameterCounts(preset: Preset, count: Int) throws {
    let shape = preset.defaultInputShape
    let model = try Model(preset.network(inputShape: shape), inputShape: shape)
    #expect(model.parameterCount == count)
    #expect(model.summary.parameterCount == count)
    #expect(model.summary.rows.reduce(0) { $0 + $1.parameterCount } == count)
    #expect(model.graph.outputs.map(\.type) == [.batch(of: [preset.defaultClassCount])])
  }

  @Test(arguments: Preset.allCases)
  func classCountIsHonoured(preset: Preset) throws {
    let shape = preset.defaultInputShape
    let model = try Model(preset.network(inputShape: shape, classCount: 3), inputShape: shape)
    let logits = try model(Tensor(zeros: Shape([2] + shape.dimensions)))
    #expect(logits.shape == [2, 3])
    let isFinite = logits.elements.allSatisfy { $0.isFinite }
    #expect(isFinite)
  }

  @Test func fittingPresets() {
    #expect(Preset.fitting(inputShape: [784]) == [.mlp])
    let small = Preset.fitting(inputShape: [8, 8, 1])
    #expect(small.contains(.digitsCNN) && small.contains(.mlp) && !small.contains(.mnistCNN))
    #expect(!Preset.fitting(inputShape: [8, 8, 1]).contains(.vgg8))
    #expect(Preset.fitting(inputShape: [32, 32, 3]).contains(.resnet18))
  }

  @Test func standardPresetsFit() {
    let images = (1...40).flatMap { [[$0, $0, 1], [$0, $0, 3], [40, $0, 1]] }
    for shape in ([[784]] + images).map(Shape.init) {
      #expect(Preset.fitting(inputShape: shape).contains(.standard(for: shape)), "\(shape)")
    }
    #expect(Preset.standard(for: [28, 28, 1]) == .mnistCNN)
    #expect(Preset.standard(for: [32, 32, 3]) == .cifarCNN)
    #expect(Preset.standard(for: [8, 8, 1]) == .digitsCNN)
    #expect(Preset.standard(for: [16, 16, 1]) == .digitsCNN)
    #expect(Preset.standard(for: [96, 96, 3]) == .cifarCNN)
    #expect(Preset.standard(for: [768, 1024, 3]) == .resnet50)
    #expect(Preset.standard(for: [224, 224, 1]) == .resnet50)
  }

  @Test func rescalingUsesTheLargestPixel() throws {
    let network = Sequential {
      Preset.mlp.network(inputShape: [1], maximumPixel: 16).layers[0]
    }
    let model = try Model(network, inputShape: [1])
    #expect(try model(Tensor(shape: [1, 1], [8])).elements == [0.5])
  }
}
