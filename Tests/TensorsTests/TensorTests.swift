import Tensors
import Testing

@Suite struct TensorTests {
  @Test func elementsLieInRowMajorOrder() {
    var tensor = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
    #expect(tensor[1, 2] == 6)
    tensor[0, 1] = 7
    #expect(tensor.elements == [1, 7, 3, 4, 5, 6])
    #expect(tensor.reshaped(to: [3, 2])[1, 1] == 4)
  }

  @Test func copiesAreIndependent() {
    let original = Tensor(shape: [2], [1, 2])
    var copy = original
    copy.withUnsafeMutableElements { $0[0] = 9 }
    #expect(original.elements == [1, 2])
    #expect(copy.elements == [9, 2])
    #expect(copy != original)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 1000])
  func memoryIsAlignedAndZero(count: Int) {
    let tensor = Tensor(zeros: [count])
    #expect(tensor.elements == [Float](repeating: 0, count: count))
    tensor.withUnsafeElements { elements in
      #expect(UInt(bitPattern: elements.baseAddress) % 64 == 0)
    }
  }

  @Test func aScalarHasOneElement() {
    #expect(Shape([]).count == 1)
    #expect(Tensor(zeros: []).elements == [0])
  }

  @Test func countsThatOverflowAreNil() {
    #expect(Shape([1 << 40, 1 << 40]).checkedCount == nil)
    #expect(Shape([3, -1]).checkedCount == nil)
    #expect(Shape([3, 5]).checkedCount == 15)
  }
}
