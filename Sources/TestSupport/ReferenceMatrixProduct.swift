/// op(a) · op(b) by its definition, in Double: op(a) is m × k, op(b) is k × n.
package func referenceProduct(
  m: Int, n: Int, k: Int, a: [Float], transposeA: Bool = false, b: [Float],
  transposeB: Bool = false
) -> [Double] {
  var c = [Double](repeating: 0, count: m * n)
  for i in 0..<m {
    for l in 0..<k {
      let left = Double(a[transposeA ? l * m + i : i * k + l])
      for j in 0..<n {
        c[i * n + j] += left * Double(b[transposeB ? j * k + l : l * n + j])
      }
    }
  }
  return c
}
