import Tensors

/// A damaged copy of a file: the `index`-th of an endless, always equal list.
///
/// One to four of: a changed bit, a changed byte, an extreme number of four bytes, a cut, bytes
/// removed, repeated or appended. Half of the changes hit the first 48 bytes, where headers are.
package func mutated(_ bytes: [UInt8], index: Int) -> [UInt8] {
  var stream = RandomStream(seed: 0x6D75, purpose: .synthesis, index: UInt64(index))
  func below(_ bound: Int) -> Int { Int(stream.next() % UInt64(max(bound, 1))) }
  var result = bytes
  for _ in 0...below(4) {
    let reach = below(2) == 0 ? min(48, result.count) : result.count
    guard reach > 0 else { break }
    let place = below(reach)
    switch below(8) {
    case 0, 1:
      result[place] ^= 1 << UInt8(below(8))
    case 2, 3:
      result[place] =
        [0, 1, 0x7F, 0x80, 0xFE, 0xFF, UInt8(below(256)), UInt8(below(256))][below(8)]
    case 4:
      let extremes: [[UInt8]] = [
        [0, 0, 0, 0], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0xFF, 0xFF],
        [0x40, 0, 0, 0],
      ]
      for (offset, byte) in extremes[below(extremes.count)].enumerated()
      where place + offset < result.count {
        result[place + offset] = byte
      }
    case 5:
      result.removeLast(result.count - place)
    case 6:
      result.removeSubrange(place..<min(result.count, place + 1 + below(16)))
    default:
      let end = min(result.count, place + 1 + below(64))
      result.insert(contentsOf: result[place..<end], at: below(2) == 0 ? end : result.count)
    }
  }
  return result
}
