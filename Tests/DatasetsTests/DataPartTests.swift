import Datasets
import Testing

@Suite struct DataPartTests {
  @Test(arguments: [
    ("train", DataPart.training), ("Training", .training), ("training_set", .training),
    ("trainset", .training), ("TRAIN-DATA", .training), ("seg_train", .training),
    ("val", .validation), ("valid", .validation), ("Validation Set", .validation),
    ("dev", .validation), ("seg_val", .validation), ("test", .test), ("testing", .test),
    ("test_set", .test), ("seg_test", .test), ("eval", .test), ("Evaluation", .test),
  ])
  func names(name: String, part: DataPart) {
    #expect(DataPart(named: name) == part)
  }

  @Test(arguments: [
    "", "set", "data", "seg_", "seg_pred", "trains", "train1", "train_set_2", "latest", "contest",
    "holdout", "dataset", "trainer", "_train",
  ])
  func otherNames(_ name: String) {
    #expect(DataPart(named: name) == nil)
  }
}
