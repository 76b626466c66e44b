import Foundation
import ModelFiles
import Testing

@Suite struct NetworkFileErrorTests {
  static let general =
    "Correct the description; docs/network-files.md says what may stand in it."

  /// Texts, and the errors they give.
  static let refused: [(String, String)] = [
    ("", "n.yaml: expected a description of a network, found an empty text. \(general)"),
    (
      "layers",
      "n.yaml, line 1, column 1: expected the description to be a network: input: and "
        + "layers:, found the text \"layers\". \(general)"
    ),
    (
      "input: [3]",
      "n.yaml, line 1, column 1: expected the description to have layers, a list of "
        + "layers, found none. \(general)"
    ),
    (
      "layer: [Flatten]",
      "n.yaml, line 1, column 1: expected the description to have layers, a "
        + "list of layers, found \"layer\". Did you mean layers?"
    ),
    (
      "layers: [Flatten]\nepochs: 3",
      "n.yaml, line 2, column 1: expected the description to have "
        + "none but format, input, layers, found \"epochs\". Leave it out; it would have no effect."
    ),
    (
      "format: 2\nlayers: [Flatten]",
      "n.yaml, line 1, column 9: expected format to be 1, the "
        + "version that this program reads, found 2. If the file was made by a newer version, "
        + "update Needletail."
    ),
    (
      "layers: []",
      "n.yaml, line 1, column 9: expected layers to have at least one layer, found "
        + "an empty list. \(general)"
    ),
    (
      "layers:\n  - Flatten\n  - Conv2d: {outputChannels: 3}",
      "n.yaml, line 3, column 5: expected "
        + "layers[1] to be a layer: Activation, AveragePool2D, BatchNorm, Conv2D, Dense, Dropout, "
        + "Flatten, GlobalAveragePool2D, MaxPool2D, Rescale, Reshape, Residual, Sequential, "
        + "ZeroPaddedShortcut, found \"Conv2d\". Did you mean Conv2D?"
    ),
    (
      "layers:\n- Dense:\n  outputSize: 3",
      "n.yaml, line 2, column 3: expected layers[0] to be "
        + "one layer, found the names \"Dense\", \"outputSize\". Put a - before each layer, and "
        + "write arguments in braces, or on lines of their own that are indented deeper than the "
        + "layer's name \"Dense\"."
    ),
    (
      "layers: [3]",
      "n.yaml, line 1, column 10: expected layers[0] to be a layer: its name, or "
        + "its name with arguments, found 3. \(general)"
    ),
    (
      "layers: [Dense]",
      "n.yaml, line 1, column 10: expected layers[0].Dense to have outputSize, "
        + "a whole number, found none. \(general)"
    ),
    (
      "layers: [{Dense: many}]",
      "n.yaml, line 1, column 18: expected layers[0].Dense.outputSize to "
        + "be a whole number from 1 to 16777216, or classes, found the text \"many\". \(general)"
    ),
    (
      "layers: [{Dense: -3}]",
      "n.yaml, line 1, column 18: expected layers[0].Dense.outputSize to "
        + "be a whole number from 1 to 16777216, or classes, found -3. \(general)"
    ),
    (
      "layers: [{Dense: {outputSize: 3, activaton: relu}}]",
      "n.yaml, line 1, column 34: expected "
        + "layers[0].Dense to have none but outputSize, inputSize, activation, useBias, "
        + "weightInitializer, name, found \"activaton\". Did you mean activation?"
    ),
    (
      "layers: [{Conv2D: {outputChanels: 3, kernelSize: 3}}]",
      "n.yaml, line 1, column 20: expected "
        + "layers[0].Conv2D to have outputChannels, a whole number, found \"outputChanels\". Did "
        + "you mean outputChannels?"
    ),
    (
      "layers: [{Conv2D: 32}]",
      "n.yaml, line 1, column 19: expected layers[0].Conv2D to have its "
        + "arguments by name, such as {name: …}, found 32. \(general)"
    ),
    (
      "layers: [{Conv2D: {outputChannels: 3, kernelSize: [3, 3, 3]}}]",
      "n.yaml, line 1, column 51: "
        + "expected layers[0].Conv2D.kernelSize to be a whole number from 1 to 32768, or two of "
        + "them, [height, width], found [3, 3, 3]. \(general)"
    ),
    (
      "layers: [{MaxPool2D: {padding: full}}]",
      "n.yaml, line 1, column 32: expected "
        + "layers[0].MaxPool2D.padding to be valid, same, a whole number from 0 to 32768, or four "
        + "of them, [top, left, bottom, right], found the text \"full\". \(general)"
    ),
    (
      "layers: [{Activation: rely}]",
      "n.yaml, line 1, column 23: expected "
        + "layers[0].Activation.function to be an activation function: identity, relu, leakyReLU, "
        + "elu, selu, gelu, geluTanh, silu, sigmoid, tanh, softplus, softsign, hardSigmoid, "
        + "hardSwish, mish, relu6, softmax, logSoftmax; with a parameter, {leakyReLU: SLOPE} or "
        + "{elu: ALPHA}, found the text \"rely\". Did you mean relu?"
    ),
    (
      "layers: [{Activation: {leakyReLU: -1}}]",
      "n.yaml, line 1, column 35: expected "
        + "layers[0].Activation.function.leakyReLU to be at least 0, found -1. \(general)"
    ),
    (
      "layers: [{Dropout: half}]",
      "n.yaml, line 1, column 20: expected layers[0].Dropout.rate to "
        + "be a number, found the text \"half\". \(general)"
    ),
    (
      "layers: [{Dense: {outputSize: 2, useBias: yes}}]",
      "n.yaml, line 1, column 43: expected "
        + "layers[0].Dense.useBias to be true or false, found the text \"yes\". \(general)"
    ),
    (
      "layers: [{Dense: {outputSize: 2, name: 7}}]",
      "n.yaml, line 1, column 40: expected "
        + "layers[0].Dense.name to be a text (in quotation marks), found 7. \(general)"
    ),
    (
      "layers: [{Dense: {outputSize: 2, weightInitializer: he}}]",
      "n.yaml, line 1, column 53: "
        + "expected layers[0].Dense.weightInitializer to be an initializer: zeros, ones, "
        + "glorotUniform, glorotNormal, heUniform, heNormal, {constant: VALUE}, "
        + "{uniform: {from: VALUE, to: VALUE}} or {normal: {mean: VALUE, standardDeviation: "
        + "VALUE}}, found the text \"he\". \(general)"
    ),
    (
      "layers: [{Rescale: {mean: [1, 2], standardDeviation: [1]}}]",
      "n.yaml, line 1, column 20: "
        + "expected layers[0].Rescale to have as many numbers in standardDeviation as in mean, and "
        + "at least one, found 1 and 2. \(general)"
    ),
    (
      "layers: [{Rescale: {mean: [1], standardDeviation: [0]}}]",
      "n.yaml, line 1, column 20: "
        + "expected layers[0].Rescale to have a standardDeviation that can be divided by, found 0 "
        + "or nearly 0. \(general)"
    ),
    (
      "layers: [{Flatten: {axis: 1}}]",
      "n.yaml, line 1, column 21: expected layers[0].Flatten to "
        + "have none but name, found \"axis\". Leave it out; it would have no effect."
    ),
    (
      "layers: [{Residual: {body: [{Dense: x}]}}]",
      "n.yaml, line 1, column 37: expected "
        + "layers[0].Residual.body[0].Dense.outputSize to be a whole number from 1 to 16777216, or "
        + "classes, found the text \"x\". \(general)"
    ),
    (
      "input: [28, 0]\nlayers: [Flatten]",
      "n.yaml, line 1, column 13: expected input[1] to be a "
        + "whole number from 1 to 268435456, found 0. \(general)"
    ),
    (
      "input: [65536, 65536]\nlayers: [Flatten]",
      "n.yaml, line 1, column 8: expected input to have "
        + "at most 268435456 elements, found [65536, 65536]. \(general)"
    ),
    (
      "input: big\nlayers: [Flatten]",
      "n.yaml, line 1, column 8: expected input to be the shape of "
        + "an example: a list of extents, such as [28, 28, 1], found the text \"big\". \(general)"
    ),
    // YAML itself.
    (
      "layers: [Flatten",
      "n.yaml, line 2, column 1: expected YAML or JSON, found an error while "
        + "parsing a flow sequence: did not find expected ',' or ']'. Check indentation, brackets, "
        + "colons and quotation marks there."
    ),
    (
      "layers: [Flatten]\nlayers: [Flatten]",
      "n.yaml, line 1, column 1: expected YAML or JSON, "
        + "found an error: the name \"layers\" comes twice. Check indentation, brackets, colons and "
        + "quotation marks there."
    ),
    (
      "layers: &a [Flatten]",
      "n.yaml, line 1, column 9: expected no anchors (&name) and no aliases "
        + "(*name), found one. Write out what the alias stands for."
    ),
    (
      "layers: !!python/object [Flatten]",
      "n.yaml, line 1, column 9: expected no tags (!name), "
        + "found \"tag:yaml.org,2002:python/object\". Leave the tag out."
    ),
    (
      "layers: [{[Dense]: 3}]",
      "n.yaml, line 1, column 11: expected a name before ':', found a "
        + "list. \(general)"
    ),
    (
      "layers: [Flatten]\n---\nlayers: [Flatten]",
      "n.yaml, line 2, column 1: expected YAML or JSON, "
        + "found an error expected a single document in the stream: but found another document. "
        + "Check indentation, brackets, colons and quotation marks there."
    ),
    // Graphs.
    (
      "nodes:\n- {operation: matmul, inputs: [0, 1]}\noutputs: []",
      "n.yaml, line 2, column 32: "
        + "expected nodes[0].inputs[0] to be the number of a node before this one, 0, found 0. "
        + "\(general)"
    ),
    (
      "nodes:\n- {operation: constant, attributes: {value: 1}, label: 0}\noutputs: []",
      "n.yaml, "
        + "line 2, column 56: expected nodes[0].label to be the number of one of the 0 labels, "
        + "found 0. \(general)"
    ),
  ]

  @Test(arguments: refused)
  func says(text: String, expected: String) {
    let error = #expect(throws: ModelFileError.self) { try NetworkFile(text: text, name: "n.yaml") }
    #expect(error?.description == expected)
  }

  /// Aliases that stand for aliases, as values and as keys.
  @Test(arguments: ["[*a", "{? [*a"])
  func refusesAliasBombs(opening: String) {
    var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for (last, next) in zip("abcdefghijk", "bcdefghijkl") {
      let aliases = [String](repeating: "*\(last)", count: 9).joined(separator: ",")
      text +=
        opening.hasPrefix("{")
        ? "\(next): &\(next) {? [\(aliases)] : x}\n" : "\(next): &\(next) [\(aliases)]\n"
    }
    let error = #expect(throws: ModelFileError.self) { try NetworkFile(text: text + "layers: *l") }
    #expect(error?.expected == "no aliases (*name) and no explicit keys (? key)")
  }

  @Test func refusesExplicitKeysInKeys() {
    let text = String(repeating: "? ", count: 900) + "[x]"
    #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
  }

  /// Texts that nest deeper than any network, in all the ways there are.
  @Test(arguments: [
    ("[", "]", 900), ("{a: ", "}", 900), ("- ", "", 900), ("[", "]", 100_000), ("[", "", 1_000_000),
    ("{a: ", "}", 100_000), ("- ", "", 400_000), ("{", "", 1_000_000),
  ])
  func refusesDepth(opening: String, closing: String, depth: Int) {
    let text = String(repeating: opening, count: depth) + String(repeating: closing, count: depth)
    #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
    let json = "{\"layers\": " + text + "}"
    #expect(throws: ModelFileError.self) { try NetworkFile(text: json) }
  }

  @Test func needsNoLargeStackOfItsCaller() {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      let text = String(repeating: "[", count: 999) + String(repeating: "]", count: 999)
      #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
      done.signal()
    }
    thread.stackSize = 128 << 10
    thread.start()
    done.wait()
  }

  @Test func refusesDepthOfLayers() {
    let text =
      "layers: " + String(repeating: "[{Sequential: ", count: 40) + "[Flatten]"
      + String(repeating: "}]", count: 40)
    #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
  }

  @Test func refusesTooManyLayers() throws {
    let text = "layers: [" + String(repeating: "Flatten, ", count: 10_000) + "Flatten]"
    let error = #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
    #expect(error?.expected == "layers[10000] to be one of at most 10000 layers")
  }

  @Test func refusesSize() {
    let text = "layers: [Flatten] #" + String(repeating: "x", count: 1 << 20)
    let error = #expect(throws: ModelFileError.self) { try NetworkFile(text: text) }
    #expect(error?.expected == "a description of at most 1048576 bytes")
  }

  @Test func commentsMayEmphasise() throws {
    _ = try NetworkFile(text: "# *Two* layers? Yes: 2*x, R & D, why? \nlayers: [Flatten] # *this*")
  }
}
