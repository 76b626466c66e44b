extension ImageDecoder {
  package func check(_ path: String) throws -> ImageHeader {
    try withFile(path) { try header(of: $0, name: path) }
  }
}
