import Needletail
import Testing

@Suite struct FloatOperationCountTests {
  @Test("Convolutions and dense layers count by their definition, everything else nothing")
  func byHand() throws {
    let network = Sequential {
      Rescale(scale: 2)
      Conv2D(outputChannels: 3, kernelSize: 3, padding: .same, activation: .relu)
      MaxPool2D()
      Conv2D(outputChannels: 4, kernelSize: 2, useBias: false)
      BatchNorm(activation: .relu)
      Flatten()
      Dense(outputSize: 5)
    }
    let model = try Model(network, inputShape: [6, 6, 2])
    // 6×6 pixels of 3 channels from 3×3×2; 2×2 pixels of 4 channels from 2×2×3; 16 to 5.
    let forward = 2.0 * Double(36 * 3 * 18 + 4 * 4 * 12 + 16 * 5)
    #expect(model.forwardOperations(batch: 1) == forward)
    #expect(model.forwardOperations(batch: 7) == 7 * forward)
    #expect(model.trainingOperations(batch: 7) == 21 * forward)
  }

  @Test("Presets have the operations that the literature counts")
  func literature() throws {
    let model = try Model(
      Preset.resnet50.network(inputShape: [224, 224, 3]), inputShape: [224, 224, 3])
    // 4.09 billion multiply-adds.
    #expect(abs(model.forwardOperations(batch: 1) / 2 - 4.09e9) < 0.02e9)
  }
}
