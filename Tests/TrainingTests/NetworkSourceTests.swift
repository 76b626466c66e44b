import Foundation
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

  @Test(arguments: [1, 2, 7, 100])
  func aFileHasTheOutputThatItDescribes(width: Int) throws {
    let folder = CheckpointTestFolder()
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let file = folder.file("net.yaml")
    try Data("input: [4]\nlayers:\n  - Dense: \(width)\n".utf8).write(to: file)
    let source = NetworkSource.file(file.path)
    #expect(try source.model().graph.outputs[0].type.fixedShape == [width])
    let error = #expect(throws: (any Error).self) { try source.model(classCount: 3) }
    #expect(error is NetworkSourceError || width == 1)
    // What the file leaves to the data has 10 classes without them.
    try Data("input: [4]\nlayers:\n  - Dense: classes\n".utf8).write(to: file)
    #expect(try source.model().classCount() == 10)
    #expect(try source.model(classCount: 3).classCount() == 3)
  }
}
