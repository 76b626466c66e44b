extension SafetensorsFile {
  /// What a checkpoint says of itself, and of which network it is; see
  /// ``Model/checkpointWriter(description:)``.
  ///
  /// - Throws: ``ModelFileError`` where the file is no checkpoint.
  package func checkpointDescription() throws(ModelFileError) -> (
    description: JSONObject, network: String
  ) {
    guard let text = metadata[ModelDescription.checkpointKey],
      let network = metadata[ModelDescription.networkKey],
      metadata[SafetensorsChecksum.key] != nil,
      // What cannot be parsed is no checkpoint's description, which the caller reports.
      let value = try? JSONValue(parsing: Array(text.utf8), maximumDepth: 8),
      case .object(let description) = value
    else {
      throw ModelFileError(
        file: path, expected: "a checkpoint: a model and what its training remembers",
        found: metadata[ModelDescription.checkpointKey] == nil
          ? "no metadata \(ModelDescription.checkpointKey)" : "a description that cannot be read",
        advice: "Check whether this is the right file.")
    }
    return (description, network)
  }
}
