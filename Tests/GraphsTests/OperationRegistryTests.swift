import Graphs
import Kernels
import Tensors
import Testing

/// Operations described by attributes, as model files hold them.
@Suite struct OperationRegistryTests {
  /// Attributes of every operation, with what is hard to write back.
  static let descriptions: [(kind: String, attributes: Attributes)] =
    ElementwiseFunction.allCases.map { function in
      let own: Attributes = ["function": .string("\(function)")]
      let parameter: Attributes = function.hasParameter ? ["parameter": .float(0.1)] : [:]
      return ("elementwise", own.merging(parameter) { first, _ in first })
    }
    + BinaryOperation.allCases.map { ("arithmetic", ["operation": .string("\($0)")]) }
    + [
      (
        "input",
        [
          "name": .string("x"), "element_type": .string("float32"), "batched": .bool(true),
          "shape": .ints([28, 28, 1]),
        ]
      ),
      (
        "input",
        [
          "name": .string("labels"), "element_type": .string("int32"), "batched": .bool(false),
          "shape": .ints([7]),
        ]
      ),
      ("variable", ["index": .int(3)]), ("constant", ["value": .float(0.1)]),
      ("constant", ["value": .float(-3)]), ("matmul", [:]),
      (
        "conv2d",
        [
          "strides": .ints([1, 2]), "dilations": .ints([3, 4]), "padding": .string("same"),
          "groups": .int(2),
        ]
      ),
      (
        "conv2d",
        [
          "strides": .ints([1, 1]), "dilations": .ints([1, 1]), "padding": .ints([0, 1, 2, 3]),
          "groups": .int(1),
        ]
      ),
      (
        "pool2d",
        [
          "statistic": .string("maximum"), "size": .ints([2, 3]), "strides": .ints([4, 5]),
          "dilations": .ints([1, 1]), "padding": .string("valid"),
        ]
      ),
      (
        "pool2d",
        [
          "statistic": .string("average"), "size": .ints([3, 3]), "strides": .ints([1, 1]),
          "dilations": .ints([1, 1]), "padding": .ints([1, 0, 1, 0]),
        ]
      ), ("global_average_pool2d", [:]),
      ("batch_normalization", ["momentum": .float(0.9), "epsilon": .float(1e-5)]),
      ("softmax", ["logarithmic": .bool(false)]), ("softmax", ["logarithmic": .bool(true)]),
      ("reshape", ["shape": .ints([2, 3])]), ("reshape", ["shape": .ints([])]),
      ("concatenate", [:]),
      ("pad_channels", ["before": .int(1), "after": .int(0)]), ("dropout", ["rate": .float(0.3)]),
      ("reduce", ["mean": .bool(true)]), ("reduce", ["mean": .bool(false)]),
      ("scale", ["scale": .floats([0.1, 2]), "offset": .floats([-1, 0.3])]),
      (
        "softmax_cross_entropy",
        ["label_smoothing": .float(0.1), "class_weights": .floats([1, 0.2])]
      ), ("softmax_cross_entropy", ["label_smoothing": .float(0), "class_weights": .floats([])]),
      ("element_loss", ["measure": .string("binary_cross_entropy")]),
      ("element_loss", ["measure": .string("squared_error")]),
      ("element_loss", ["measure": .string("absolute_error")]),
      ("element_loss", ["measure": .string("huber"), "delta": .float(0.5)]),
    ]

  @Test func everyOperationIsDescribed() {
    #expect(Set(Self.descriptions.map(\.kind)).sorted() == OperationRegistry.kinds)
  }

  @Test func attributesComeBack() throws {
    for (kind, attributes) in Self.descriptions {
      let operation = try OperationRegistry.make(kind: kind, attributes: attributes)
      #expect(operation.kind == kind)
      #expect(operation.attributes == attributes)
    }
  }

  /// Whole numbers may stand for numbers: files do not tell 1 and 1.0 apart.
  @Test func wholeNumbersAreNumbers() throws {
    let constant = try OperationRegistry.make(kind: "constant", attributes: ["value": .int(2)])
    #expect(constant.attributes == ["value": .float(2)])
    let scale = try OperationRegistry.make(
      kind: "scale", attributes: ["scale": .ints([2]), "offset": .ints([-1])])
    #expect(scale.attributes == ["scale": .floats([2]), "offset": .floats([-1])])
  }

  /// What every traced operation says of itself makes it again, with the same shape rule.
  @Test func tracedOperationsComeBack() throws {
    let builder = EveryOperationGraph().loss.builder
    for (index, node) in builder.nodes.enumerated() {
      let made = try OperationRegistry.make(
        kind: node.operation.kind, attributes: node.operation.attributes)
      #expect(made.attributes == node.operation.attributes)
      if !(made is VariableOperation) {
        let types = node.inputs.map { builder.nodes[$0].type }
        #expect(try made.outputType(of: types) == node.type, "node \(index)")
      }
    }
  }

  private func message(_ kind: String, _ attributes: Attributes) -> String? {
    #expect(throws: AttributeError.self) {
      try OperationRegistry.make(kind: kind, attributes: attributes)
    }?.description
  }

  @Test func unknownAndMissingAttributesAreRefused() {
    for (kind, attributes) in Self.descriptions {
      var more = attributes
      more["zzz"] = .int(1)
      #expect(message(kind, more) == "'\(kind)' has no attribute 'zzz'.")
      for name in attributes.keys {
        var fewer = attributes
        fewer[name] = nil
        #expect(
          message(kind, fewer)?.hasPrefix("'\(kind)' lacks the attribute '\(name)', ") == true)
      }
    }
  }

  /// Another type, an infinite number, a list of another length: never taken, never a crash.
  @Test func valuesOfWrongTypesAreRefused() {
    for (kind, attributes) in Self.descriptions {
      for name in attributes.keys {
        let strange: [AttributeValue] = [
          .bool(true), .string("?"), .float(.infinity), .float(.nan), .int(-5), .int(Int.max),
          .int(Int.min), .ints([]), .ints([-1, -1, -1, -1]), .ints([Int.max, Int.max]),
          .ints([1, 2, 3, 4, 5]), .floats([.nan]), .floats([]),
        ]
        for value in strange {
          var changed = attributes
          changed[name] = value
          guard let made = try? OperationRegistry.make(kind: kind, attributes: changed) else {
            continue
          }
          // What is taken is kept, as it is or as the number that it is.
          let kept = made.attributes[name]
          let number: AttributeValue? =
            if case .int(let integer) = value { .float(Float(integer)) } else { nil }
          let numbers: AttributeValue? =
            if case .ints(let integers) = value { .floats(integers.map(Float.init)) } else { nil }
          #expect(kept == value || kept == number || kept == numbers, "\(kind) \(name) \(value)")
        }
      }
    }
  }

  @Test func exactTexts() {
    #expect(
      message("lstm", [:])
        == "There is no operation 'lstm'; there are arithmetic, batch_normalization, concatenate, "
        + "constant, conv2d, dropout, element_loss, elementwise, global_average_pool2d, input, "
        + "matmul, pad_channels, pool2d, reduce, reshape, scale, softmax, softmax_cross_entropy, "
        + "variable.")
    #expect(message("matmul", ["a": .int(1), "b": .int(1)]) == "'matmul' has no attribute 'a'.")
    #expect(message("dropout", [:]) == "'dropout' lacks the attribute 'rate', a finite number.")
    #expect(
      message("dropout", ["rate": .string("half")])
        == "The attribute 'rate' of 'dropout' must be a finite number.")
    #expect(
      message("reduce", ["mean": .int(1)])
        == "The attribute 'mean' of 'reduce' must be true or false.")
    #expect(
      message("variable", ["index": .int(-1)])
        == "The attribute 'index' of 'variable' must be a whole number from 0.")
    #expect(
      message("scale", ["scale": .string("x"), "offset": .floats([])])
        == "The attribute 'scale' of 'scale' must be a list of numbers.")
    #expect(
      message("elementwise", ["function": .string("step")])
        == "There is no elementwise function 'step'.")
    #expect(
      message("arithmetic", ["operation": .string("power")])
        == "There is no arithmetic operation 'power'.")
    #expect(
      message("element_loss", ["measure": .string("hinge")]) == "There is no loss 'hinge'.")
    #expect(
      message("pool2d", ["statistic": .string("median")])
        == "The attribute 'statistic' must be maximum or average, not 'median'.")
    #expect(
      message(
        "pool2d",
        ["statistic": .string("maximum"), "size": .ints([2]), "strides": .ints([1, 1])])
        == "The attribute 'size' of 'pool2d' must be a list of 2 whole numbers from 1 to 1048576.")
    let window: Attributes = ["strides": .ints([1, 1]), "dilations": .ints([1, 1])]
    #expect(
      message("conv2d", window.merging(["padding": .string("full")]) { first, _ in first })
        == "The attribute 'padding' must be \"valid\", \"same\" or four numbers, not 'full'.")
    #expect(
      message(
        "input",
        [
          "name": .string("x"), "element_type": .string("float64"), "batched": .bool(true),
          "shape": .ints([]),
        ])
        == "The attribute 'element_type' of 'input' must be one of float32, int32, not 'float64'.")
  }
}
