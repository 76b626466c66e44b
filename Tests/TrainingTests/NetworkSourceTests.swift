import Needletail
import Testing

@Suite struct NetworkSourceTests {
  @Test func namesArePresetsOrFiles() throws {
    #expect(try NetworkSource("vgg8") == .preset(.vgg8))
    #expect(try NetworkSource("nets/my.YAML") == .file("nets/my.YAML"))
    #expect(NetworkSource(named: "vgg99") == nil)
    #expect(throws: NetworkSourceError.self) { try NetworkSource("vgg99") }
  }

  @Test func presetsTakeShapeAndClassesOfTheData() throws {
    let model = try NetworkSource.preset(.mlp).model(
      inputShape: [3, 4, 1], classCount: 5, maximumPixel: 16)
    #expect(try model.singleInputShape() == [3, 4, 1])
    #expect(try model.classCount() == 5)
    #expect(model.metadata.name == "mlp")
    #expect(try NetworkSource.preset(.lenet5).model().parameterCount == 61_706)
  }

  @Test func aPresetThatDoesNotFitNamesThoseThatDo() throws {
    let error = #expect(throws: NetworkSourceError.self) {
      try NetworkSource.preset(.vgg8).model(inputShape: [8, 8, 1], classCount: 10)
    }
    #expect(error?.kind == .misfit)
    #expect(
      error?.description.contains(
        "those that do are mlp, resnet18, resnet20, resnet50, digits-cnn") == true)
  }

  @Test func aFileThatIsNotThereIsAnErrorOfTheFile() {
    #expect(throws: ModelFileError.self) {
      try NetworkSource.file("/nowhere/net.yaml").model(inputShape: [4], classCount: 2)
    }
  }
}
