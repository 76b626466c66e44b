extension StepReport {
  /// Checks that the loss is a number.
  ///
  /// To be called on `.stepEnded` where a training that has diverged should end: a loss that is not
  /// finite makes the gradients and with them the parameters not finite, for good.
  ///
  /// - Throws: ``TrainingError`` if the loss is infinite or not a number.
  public func checkFinite() throws {
    guard !loss.isFinite else { return }
    throw TrainingError(
      "Step \(step + 1): expected a finite loss, found \(loss): the training has diverged and the "
        + "model is lost. Choose a smaller learning rate (it was \(learningRate)) or a warm-up, and "
        + "check that the data hold no numbers that are very large or not finite.")
  }
}
