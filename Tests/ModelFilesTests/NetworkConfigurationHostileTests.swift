import Foundation
import Graphs
import Layers
import ModelFiles
import Tensors
import Testing

@Suite struct NetworkConfigurationHostileTests {
  /// x · w + b, relu.
  static let sound =
    #"{"format":1,"labels":[{"path":"0","kind":"Dense(3)","position":1,"count":1}],"nodes":["#
    + #"{"operation":"input","attributes":{"batched":true,"element_type":"float32","name":"x","#
    + #""shape":[2]}},"#
    + #"{"operation":"variable","attributes":{"index":0},"label":0},"#
    + #"{"operation":"matmul","inputs":[0,1],"label":0},"#
    + #"{"operation":"variable","attributes":{"index":1},"label":0},"#
    + #"{"operation":"arithmetic","attributes":{"operation":"add"},"inputs":[2,3],"label":0},"#
    + #"{"operation":"elementwise","attributes":{"function":"relu"},"inputs":[4]}],"#
    + #""outputs":[{"name":"y","node":5}],"variables":["#
    + #"{"name":"w","shape":[2,3],"initializer":"heUniform","fan":[2,3],"trainable":true},"#
    + #"{"name":"b","shape":[3],"initializer":"zeros","fan":[2,3],"trainable":true}]}"#

  @Test func theSoundOneIsSound() throws {
    let graph = try NetworkConfiguration.graph(text: Self.sound, file: "m")
    #expect(graph.nodes.map(\.type.description).last == "[batch, 3]")
    #expect(graph.parameterCount == 9)
  }

  /// What is replaced, by what, and a part of the error's text.
  static let refused: [(String, String, String)] = [
    ("{\"format\":1", "{\"format\":1,", "a key in quotation marks"),
    (
      "\"format\":1", "\"format\":2", "format to be 1, the version that this program reads, found 2"
    ),
    ("\"format\":1", "\"format\":\"1\"", "If the file was made by a newer version, update"),
    ("\"format\":1", "\"format\":1,\"extra\":0", "found \"extra\""),
    ("\"outputs\"", "\"output\"", "found \"output\". Did you mean outputs?"),
    // Operations and attributes.
    ("\"matmul\"", "\"matmull\"", "nodes[2].operation to be one of"),
    ("\"matmul\"", "\"matmull\"", "Did you mean matmul?"),
    ("\"matmul\"", "7", "nodes[2].operation to be a text"),
    ("\"operation\":\"matmul\",", "", "nodes[2] to have operation"),
    ("{\"index\":0}", "{}", "nodes[1] to describe the operation variable, found 'variable' lacks"),
    ("{\"index\":0}", "{\"index\":0,\"x\":1}", "'variable' has no attribute 'x'"),
    ("{\"index\":0}", "{\"index\":[0]}", "must be a whole number"),
    ("{\"index\":0}", "{\"index\":null}", "nodes[1].attributes.index to be a number"),
    ("{\"index\":0}", "7", "nodes[1].attributes to be names with values"),
    ("\"relu\"", "\"rely\"", "There is no elementwise function 'rely'"),
    ("\"float32\"", "\"float64\"", "must be one of float32, int32"),
    ("\"float32\"", "\"int32\"", "expects numbers"),
    ("\"batched\":true", "\"batched\":1", "true or false"),
    ("{\"function\":\"relu\"}", "{\"function\":\"elu\",\"parameter\":-1}", "at least 0"),
    ("{\"function\":\"relu\"}", "{\"function\":\"elu\",\"parameter\":1e99}", "to be a number"),
    // Edges.
    ("[0,1]", "[0,2]", "nodes[2].inputs[1] to be the number of a node before this one, 2, found 2"),
    ("[0,1]", "[0,5]", "nodes[2].inputs[1]"),
    ("[0,1]", "[-1,1]", "nodes[2].inputs[0]"),
    ("[0,1]", "[0,9223372036854775807]", "nodes[2].inputs[1]"),
    ("[0,1]", "[0,9223372036854775808]", "64 bits"),
    ("[0,1]", "[0,1.0]", "nodes[2].inputs[1]"),
    ("[0,1]", "{\"0\":1}", "to be a list of numbers of nodes before this one"),
    // Numbers of inputs.
    ("[0,1]", "[0]", "nodes[2] (matmul) to take 2 inputs, found 1"),
    ("[0,1]", "[0,1,1]", "nodes[2] (matmul) to take 2 inputs, found 3"),
    ("\"inputs\":[4]", "\"inputs\":[]", "(elementwise) to take 1 input, found 0"),
    ("{\"index\":0}", "{\"index\":0},\"inputs\":[0]", "(variable) to take 0 inputs, found 1"),
    (
      "{\"operation\":\"matmul\",\"inputs\":[0,1]", "{\"operation\":\"concatenate\"",
      "(concatenate) to take at least 1 input, found 0"
    ),
    // Shapes.
    ("\"shape\":[2,3]", "\"shape\":[3,3]", "nodes[2] (matmul) to fit its inputs, found that it"),
    ("\"shape\":[2,3]", "\"shape\":[2]", "expects rows of shape"),
    ("\"shape\":[3]", "\"shape\":[4]", "(arithmetic) to fit its inputs"),
    ("\"shape\":[3]", "\"shape\":[0]", "variables[1].shape[0] to be a whole number from 1"),
    ("\"shape\":[3]", "\"shape\":[-3]", "variables[1].shape[0]"),
    ("\"shape\":[3]", "\"shape\":[65536,65536,65536,65536,65536]", "variables[1].shape to have at"),
    ("\"shape\":[3]", "\"shape\":[9223372036854775807]", "variables[1].shape[0]"),
    ("\"shape\":[3]", "\"shape\":[" + String(repeating: "1,", count: 16) + "1]", "at most 16"),
    ("\"shape\":[2]", "\"shape\":[2147483648]", "result of 1 to 268435456 elements"),
    ("\"shape\":[2]", "\"shape\":[2147483648,2147483648,2147483648]", "result of 1 to"),
    ("\"shape\":[2]", "\"shape\":[" + String(repeating: "1,", count: 16) + "1]", "16 dimensions"),
    ("\"shape\":[2]", "\"shape\":[0]", "'input' must be a list of"),
    // Variables.
    (
      "{\"index\":1}", "{\"index\":0}",
      "nodes[3] to be the only node of variables[0], found nodes[1]"
    ),
    ("{\"index\":1}", "{\"index\":2}", "index of one of the 2 variables, found 2"),
    ("{\"index\":1}", "{\"index\":-1}", "whole number from 0"),
    ("\"name\":\"b\"", "\"name\":\"w\"", "found \"w\" again in variables[1]"),
    ("\"name\":\"b\"", "\"name\":\"x\"", "(input) to have a name of its own"),
    ("\"name\":\"b\"", "\"name\":\"\"", "variables[1].name to have from 1 to 1000 bytes"),
    ("\"name\":\"b\"", "\"name\":\"__metadata__\"", "a name that a file of tensors can hold"),
    ("\"name\":\"b\"", "\"name\":null", "variables[1].name to be a text, found nothing"),
    ("\"trainable\":true},{", "\"trainable\":1},{", "variables[0].trainable to be true or false"),
    ("\"fan\":[2,3],\"trainable\":true},{", "\"fan\":[2],\"trainable\":true},{", "[in, out]"),
    ("\"heUniform\"", "\"heUnifrom\"", "variables[0].initializer to be an initializer"),
    ("\"heUniform\"", "\"heUnifrom\"", "Did you mean heUniform?"),
    ("\"heUniform\"", "{\"uniform\":[0,1]}", "variables[0].initializer.uniform to be names"),
    ("\"heUniform\"", "{\"uniform\":{\"from\":0}}", "to have to, the upper bound"),
    ("\"heUniform\"", "{\"constant\":1e39}", "variables[0].initializer.constant to be a number"),
    (
      "\"variables\":[", "\"variables\":[{\"name\":\"u\",\"shape\":[1]},",
      "expected nodes[2] (matmul) to fit its inputs"
    ),
    (
      "\"trainable\":true}]", "\"trainable\":true},{\"name\":\"u\",\"shape\":[1]}]",
      "a node for every variable, found none for variables[2], \"u\""
    ),
    // Labels and outputs.
    ("\"label\":0}", "\"label\":1}", "nodes[1].label to be the number of one of the 1 labels"),
    ("\"position\":1", "\"position\":0", "labels[0].position to be a whole number from 1"),
    ("\"kind\":\"Dense(3)\"", "\"kind\":3", "labels[0].kind to be a text (in quotation marks)"),
    ("\"node\":5", "\"node\":6", "outputs[0].node to be the number of one of the 6 nodes, found 6"),
    ("[{\"name\":\"y\",\"node\":5}]", "[]", "at least one output"),
    ("[{\"name\":\"y\"", "[{\"name\":\"y\",\"node\":1},{\"name\":\"y\"", "a name of its own"),
    ("\"outputs\":[{\"name\":\"y\",\"node\":5}]", "\"outputs\":7", "outputs to be a list"),
  ]

  @Test(arguments: refused)
  func refuses(old: String, new: String, part: String) throws {
    try #require(Self.sound.contains(old))
    let text = Self.sound.replacing(old, with: new, maxReplacements: 1)
    let error = #expect(throws: ModelFileError.self) {
      try NetworkConfiguration.graph(text: text, file: "m")
    }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "no error")")
  }

  @Test func refusesSymbolsBehindTheFirstExtent() throws {
    // [batch] + [batch, 1] would be [batch, batch].
    let text =
      #"{"nodes":[{"operation":"input","attributes":{"batched":true,"element_type":"float32","#
      + #""name":"a","shape":[]}},"#
      + #"{"operation":"input","attributes":{"batched":true,"element_type":"float32","#
      + #""name":"b","shape":[1]}},"#
      + #"{"operation":"arithmetic","attributes":{"operation":"add"},"inputs":[0,1]}],"#
      + #""outputs":[{"name":"y","node":2}]}"#
    let error = #expect(throws: ModelFileError.self) {
      try NetworkConfiguration.graph(text: text, file: "m")
    }
    #expect(
      error?.expected == "nodes[2] to have no symbol behind the first extent of its result")
  }

  @Test func refusesStatisticsThatAreNoVariables() throws {
    let inputs = (0..<5).map { index in
      #"{"operation":"input","attributes":{"batched":\#(index == 0),"element_type":"float32","#
        + #""name":"\#(index)","shape":[3]}}"#
    }
    let text =
      #"{"nodes":[\#(inputs.joined(separator: ",")),{"operation":"batch_normalization","#
      + #""attributes":{"momentum":0.9,"epsilon":1e-5},"inputs":[0,1,2,3,4]}],"#
      + #""outputs":[{"name":"y","node":5}]}"#
    let error = #expect(throws: ModelFileError.self) {
      try NetworkConfiguration.graph(text: text, file: "m")
    }
    #expect(error?.expected.contains("take a variable that is not trainable as inputs[3]") == true)
  }

  @Test func refusesStatisticsThatAnOptimizerChanges() throws {
    let graph = try smallImageModel().graph
    let text = try NetworkConfiguration.text(of: graph)
    let error = #expect(throws: ModelFileError.self) {
      try NetworkConfiguration.graph(
        text: text.replacing("\"trainable\":false", with: "\"trainable\":true"), file: "m")
    }
    #expect(error?.found == "a trainable one")
  }

  @Test func refusesGrowthWithoutBytes() throws {
    // Each node doubles the one before it.
    let nodes = (1...60).map { #"{"operation":"concatenate","inputs":[\#($0 - 1),\#($0 - 1)]}"# }
    let text =
      #"{"nodes":[{"operation":"input","attributes":{"batched":true,"element_type":"float32","#
      + #""name":"x","shape":[3]}},\#(nodes.joined(separator: ","))],"#
      + #""outputs":[{"name":"y","node":60}]}"#
    let error = #expect(throws: ModelFileError.self) {
      try NetworkConfiguration.graph(text: text, file: "m")
    }
    #expect(
      error?.expected == "nodes[27] to have a result of 1 to 268435456 elements for an example")
  }

  @Test func refusesWhatIsTooLarge() throws {
    let node = #"{"operation":"constant","attributes":{"value":1}}"#
    let nodes = [String](repeating: node, count: NetworkConfiguration.maximumNodeCount + 1)
    let texts = [
      #"{"nodes":[\#(nodes.joined(separator: ","))],"outputs":[{"name":"y","node":0}]}"#,
      String(repeating: "[", count: 100_000),
      "[" + String(repeating: "0,", count: 600_000) + "0]",
      String(repeating: " ", count: NetworkConfiguration.maximumSize + 1), "", "null", "[]", "{}",
    ]
    for text in texts {
      #expect(throws: ModelFileError.self) {
        try NetworkConfiguration.graph(text: text, file: "m")
      }
    }
    // As many as allowed are not too many.
    let most = nodes.dropLast().joined(separator: ",")
    let graph = try NetworkConfiguration.graph(
      text: #"{"nodes":[\#(most)],"outputs":[{"name":"y","node":0}]}"#, file: "m")
    #expect(graph.nodes.count == NetworkConfiguration.maximumNodeCount)
  }

  /// A variable's memory must not be taken before the file has been seen to hold its values.
  @Test func takesNoMemoryForValuesThatAreNotThere() throws {
    let text =
      #"{"nodes":[{"operation":"variable","attributes":{"index":0}}],"#
      + #""outputs":[{"name":"y","node":0}],"#
      + #""variables":[{"name":"w","shape":[2147483648]}]}"#
    var writer = SafetensorsWriter(metadata: ["needletail.network": text])
    try writer.add("w", shape: [1], floats: [1])
    let bytes = try writer.bytes()
    let error = #expect(throws: ModelFileError.self) { try Model(fileBytes: bytes) }
    #expect(error?.found.contains("\"w\" is F32 [1], not floating-point [2147483648]") == true)
  }
}
