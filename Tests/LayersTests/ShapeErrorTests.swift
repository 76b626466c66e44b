import Graphs
import Layers
import Tensors
import Testing

/// The text of every mistake that a network can make.
@Suite struct ShapeErrorTests {
  private func problems(_ inputShape: Shape, @LayerBuilder _ layers: () -> [any Layer]) -> [String]
  {
    do {
      _ = try Model(Sequential(layers()), inputShape: inputShape)
      return []
    } catch let error as ShapeError {
      return error.problems
    } catch {
      return ["\(error)"]
    }
  }

  @Test func denseOnImages() {
    #expect(
      problems([28, 28, 1]) {
        Conv2D(outputChannels: 4, kernelSize: 3)
        Dense(outputSize: 10)
      } == [
        "Layer 2 of 2, '1': Dense(10) expects one dimension per example, [inputSize] (add Flatten() "
          + "before it); it was given an input of shape [26, 26, 4]."
      ])
  }

  @Test func denseOfAnotherSize() {
    #expect(
      problems([3]) { Dense(outputSize: 10, inputSize: 4) } == [
        "Layer 1 of 1, '0': Dense(10) was made for 4 numbers per example; it was given an input of "
          + "shape [3] (leave inputSize out, or correct it)."
      ])
  }

  @Test func denseWithoutOutputs() {
    #expect(
      problems([3]) { Dense(outputSize: 0) } == [
        "Layer 1 of 1, '0': Dense(0) needs an outputSize of at least 1, not 0."
      ])
  }

  @Test func convolutionOnVectors() {
    #expect(
      problems([784]) { Conv2D(outputChannels: 4, kernelSize: 3) } == [
        "Layer 1 of 1, '0': Conv2D(4, 3×3) expects images, [height, width, channels]; it was given "
          + "an input of shape [784] (add Reshape([height, width, channels]) before it)."
      ])
  }

  @Test func convolutionThatDoesNotFit() {
    #expect(
      problems([4, 4, 1]) {
        MaxPool2D()
        Conv2D(outputChannels: 4, kernelSize: 3)
      } == [
        "Layer 2 of 2, '1': Conv2D(4, 3×3) expects a window that fits its images: a kernel that "
          + "spans 3 x 3 pixels does not fit an image of 2 x 2 pixels, padding included (use "
          + "padding: .same, a smaller window, or fewer poolings and strides before it)."
      ])
  }

  @Test func convolutionOfOtherChannels() {
    #expect(
      problems([8, 8, 3]) { Conv2D(outputChannels: 4, kernelSize: 3, inputChannels: 1) } == [
        "Layer 1 of 1, '0': Conv2D(4, 3×3) was made for 1 channels; it was given an input of shape "
          + "[8, 8, 3] (leave inputChannels out, or correct it)."
      ])
  }

  @Test func convolutionWithGroupsThatDoNotDivide() {
    #expect(
      problems([8, 8, 3]) { Conv2D(outputChannels: 4, kernelSize: 3, groups: 2) } == [
        "Layer 1 of 1, '0': Conv2D(4, 3×3) needs input and output channels that its 2 groups "
          + "divide; there are 3 and 4."
      ])
  }

  @Test func convolutionWithoutWindow() {
    #expect(
      problems([8, 8, 3]) { Conv2D(outputChannels: 4, kernelSize: 0) } == [
        "Layer 1 of 1, '0': Conv2D(4, 0×0) needs at least one output channel, one group and a 1×1 "
          + "window; it has 4, 1 and 0×0."
      ])
  }

  @Test func poolingOnVectors() {
    #expect(
      problems([784]) { MaxPool2D() } == [
        "Layer 1 of 1, '0': MaxPool2D(2×2) expects images, [batch, height, width, channels]; it was "
          + "given [batch, 784] (add Reshape([height, width, channels]) before it)."
      ])
  }

  @Test func reshapeOfAnotherCount() {
    #expect(
      problems([10]) { Reshape([3, 3, 1]) } == [
        "Layer 1 of 1, '0': Reshape([3, 3, 1]) expects 9 elements per example for the shape "
          + "[3, 3, 1]; it was given [batch, 10], 10 elements."
      ])
  }

  @Test func dropoutOfEverything() {
    #expect(
      problems([10]) { Dropout(rate: 1) } == [
        "Layer 1 of 1, '0': Dropout(1.0) expects a rate from 0 to less than 1; it has 1.0."
      ])
  }

  @Test func rescaleWithOtherChannels() {
    #expect(
      problems([8, 8, 3]) { Rescale(mean: [0, 0], standardDeviation: [1, 1]) } == [
        "Layer 1 of 1, '0': Rescale expects one scale and one offset, or one of each for every "
          + "channel; it has 2 and 2 for [batch, 8, 8, 3]."
      ])
  }

  @Test func rescaleByAConstantColumn() {
    #expect(
      problems([2]) { Rescale(mean: [0, 1], standardDeviation: [1, 0]) } == [
        "Layer 1 of 1, '0': Rescale cannot divide by the standard deviation of channel 1, which is "
          + "zero (leave the channel out, or give it a deviation of 1)."
      ])
  }

  @Test func sizesBeyondMemory() {
    let huge = 1 << 40
    #expect(
      problems([huge, huge]) { Flatten() } == [
        "Input 'input' has the shape [1099511627776, 1099511627776]; it may have at most "
          + "1099511627776 elements."
      ])
    #expect(
      problems([8, 8, 1]) { Conv2D(outputChannels: 4, kernelSize: Size2D(1 << 32)) }.count == 1)
    #expect(problems([1 << 30]) { Dense(outputSize: 1 << 30) }.count == 1)
    #expect(
      problems([0]) { Flatten() } == [
        "Input 'input' has the shape [0]; every extent must be at least 1, not 0."
      ])
  }

  @Test func normalizationWithWrongNumbers() {
    #expect(
      problems([8]) { BatchNorm(momentum: 2) } == [
        "Layer 1 of 1, '0': BatchNorm expects a momentum from 0 to 1 and a positive epsilon; it has "
          + "2.0 and 1e-05."
      ])
  }

  @Test func residualOfAnotherShape() {
    #expect(
      problems([8]) { Residual { Dense(outputSize: 4) } } == [
        "Layer 1 of 2, '0': Residual expects its body and its shortcut to give the same shape; they "
          + "give [4] and [8] (give it a shortcut that changes the shape as its body does)."
      ])
  }

  @Test func shortcutThatNarrows() {
    #expect(
      problems([8, 8, 4]) { ZeroPaddedShortcut(outputChannels: 2) } == [
        "Layer 1 of 1, '0': ZeroPaddedShortcut(2) expects at most 2 channels; it was given an input "
          + "of shape [8, 8, 4]."
      ])
  }

  @Test func aLayerSharedBetweenSizes() {
    let shared = Dense(outputSize: 4)
    #expect(
      problems([8]) {
        shared
        shared
      } == [
        "Layer 1 of 1, '0': Dense(4) was first used where its weight has the shape [8, 4], and here "
          + "it would need [4, 4]; use a layer of its own for each place."
      ])
  }

  @Test func aMistakeHidesWhatFollowsFromIt() {
    #expect(
      problems([8, 8, 1]) {
        Dense(outputSize: 4)
        MaxPool2D()
        Dense(outputSize: 10)
      }.count == 1)
  }

  @Test func independentMistakesAreAllReported() throws {
    let error = #expect(throws: ShapeError.self) {
      let (left, right) = (Dense(outputSize: 0, name: "left"), MaxPool2D(name: "right"))
      _ = try Model(inputs: [ModelInput("a", shape: [4]), ModelInput("b", shape: [4])]) {
        [("x", left($0[0])), ("y", right($0[1]))]
      }
    }
    #expect(error?.problems.count == 2)
    #expect(error?.description.split(separator: "\n").count == 2)
  }
}
