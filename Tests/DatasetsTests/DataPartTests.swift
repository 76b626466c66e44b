import Datasets
import Testing

@Suite struct DataPartTests {
  @Test(arguments: [
    ("train", DataPart.training), ("Training", .training), ("training_set", .training),
    ("trainset", .training), ("TRAIN-DATA", .training), ("seg_train", .training),
    ("val", .validation), ("valid", .validation), ("Validation Set", .validation),
    ("dev", .validation), ("seg_val", .validation), ("test", .test), ("testing", .test),
    ("test_set", .test), ("seg_test", .test), ("train2017", .training), ("test1", .test),
    ("val-images", .validation), ("eval", .test), ("Evaluation", .test), ("traindata", .training),
    ("testimages", .test), ("valimgs", .validation),
  ])
  func names(name: String, part: DataPart) {
    #expect(DataPart(named: name) == part)
  }

  @Test(arguments: [
    "", "set", "data", "seg_", "seg_pred", "trains", "latest", "contest", "holdout", "dataset",
    "trainer",
    "train_test", "2017", "bullet train",
  ])
  func otherNames(_ name: String) {
    #expect(DataPart(named: name) == nil)
  }
}
