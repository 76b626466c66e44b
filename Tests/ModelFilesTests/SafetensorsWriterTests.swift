import ModelFiles
import Tensors
import Testing

@Suite struct SafetensorsWriterTests {
  @Test func writesTheseBytes() throws {
    var writer = SafetensorsWriter(metadata: ["b": "2", "a": "\"1\""])
    try writer.add("w", shape: [1, 2], floats: [1, -2])
    try writer.add("labels", .uint8, shape: [3], bytes: [1, 2, 3])
    try writer.add("v", shape: [], integers: [9])
    let header =
      #"{"__metadata__":{"a":"\"1\"","b":"2"},"#
      + #""v":{"dtype":"I32","shape":[],"data_offsets":[0,4]},"#
      + #""w":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]},"#
      + #""labels":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}"#
    let padded = header + String(repeating: " ", count: 8 - header.utf8.count % 8)
    let data: [UInt8] = [9, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 192, 1, 2, 3]
    #expect(try writer.bytes() == safetensors(padded, data: data))
  }

  @Test func orderOfAddingDoesNotMatter() throws {
    let names = (0..<50).map { "layer \($0)" } + ["é", "Z", "", "\u{1F600}"]
    var random = RandomStream(seed: 3, purpose: .synthesis)
    var files: Set<[UInt8]> = []
    for _ in 0..<5 {
      var writer = SafetensorsWriter()
      for name in names.shuffled(using: &random) {
        try writer.add(name, Tensor(shape: [1], [Float(name.utf8.count)]))
        writer.metadata["of " + name] = name
      }
      files.insert(try writer.bytes())
    }
    #expect(files.count == 1)
    #expect(files.first.map { $0[0] % 8 } == 0)
  }

  @Test func writesAnEmptyFile() throws {
    #expect(try SafetensorsWriter().bytes() == safetensors("{}      "))
    #expect(try SafetensorsFile(bytes: SafetensorsWriter().bytes()).tensors.isEmpty)
  }

  @Test func refusesNames() throws {
    var writer = SafetensorsWriter()
    try writer.add("w", shape: [], floats: [1])
    var error = #expect(throws: ModelFileError.self) {
      try writer.add("w", shape: [], integers: [1])
    }
    #expect(error?.found == "\"w\" again")
    error = #expect(throws: ModelFileError.self) {
      try writer.add("__metadata__", shape: [], floats: [1])
    }
    #expect(error?.location == .tensor("__metadata__"))
    #expect(try SafetensorsFile(bytes: writer.bytes()).floats(named: "w") == [1])
  }
}
