/// The runners of all ops, under the names that the manifest gives the ops.
///
/// To add one: write it in a `ReferenceRunners+Topic.swift` and list that file's table here.
///
///     let lossRunners: [String: ReferenceRunner] = [
///       "mean_squared_error": { testCase in
///         let prediction = try testCase.tensor("prediction")
///         …
///         try testCase.check("loss", actual: loss)
///         try testCase.check("d_prediction", actual: gradient)
///       }
///     ]
let referenceRunners: [String: ReferenceRunner] = [
  layerRunners, activationRunners, lossRunners, optimizerRunners, evaluationRunners,
].reduce(into: [:]) { all, table in
  all.merge(table) { _, _ in preconditionFailure("Two runners for one op.") }
}
