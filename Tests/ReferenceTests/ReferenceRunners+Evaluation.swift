import Evaluation
import Tensors

/// Metrics, as scikit-learn computes them.
let evaluationRunners: [String: ReferenceRunner] = [
  "classification_report": { testCase in
    let classCount = try testCase.integer("classes")
    let report = try ClassificationReport(
      labels: testCase.integers("labels"), predictions: testCase.integers("predictions"),
      classCount: classCount)
    try testCase.check("accuracy", actual: report.accuracy)
    try testCase.check(
      "confusion", actual: report.confusion.counts, shape: [classCount, classCount])
    try testCase.check("precision", actual: report.classes.map(\.precision), shape: [classCount])
    try testCase.check("recall", actual: report.classes.map(\.recall), shape: [classCount])
    try testCase.check("f1", actual: report.classes.map(\.f1), shape: [classCount])
    try testCase.check("support", actual: report.classes.map(\.support), shape: [classCount])
    try testCase.check("macro_f1", actual: report.macro.f1)
    try testCase.check("weighted_f1", actual: report.weighted.f1)
    try testCase.check("balanced_accuracy", actual: report.balancedAccuracy)
    try testCase.check("matthews", actual: report.matthews)
    try testCase.check("cohen_kappa", actual: report.cohenKappa)
  },
  "regression": { testCase in
    let report = try RegressionReport(
      targets: testCase.floats("target"), predictions: testCase.floats("prediction"))
    try testCase.check("mse", actual: report.meanSquaredError)
    try testCase.check("mae", actual: report.meanAbsoluteError)
    try testCase.check("r2", actual: report.rSquared)
    try testCase.check("explained_variance", actual: report.explainedVariance)
  },
]
