import Graphs
import Layers
import ModelFiles
import Tensors

/// The file of a checkpoint: the model's own, with what training remembers besides.
///
/// The metadata `needletail.checkpoint` is a JSON object with the version of the format, the
/// position, and what the training depends on. Tensors: `needletail.moment.<n>.<variable>` is what
/// the optimizer remembers; `needletail.totals` (F64) the sums of the epoch under way: loss, metrics,
/// seconds; `needletail.history` (F64) a row for each epoch that has ended, its columns named in the
/// metadata. The whole file bears a checksum.
///
/// Versions, all of which are read:
/// - 1: as above.
struct CheckpointFile {
  static let formatVersion = 1

  private static let totalsName = Model.checkpointPrefix + "totals"
  private static let historyName = Model.checkpointPrefix + "history"

  /// How many steps were made.
  let stepCount: Int
  let progress: TrainingProgress
  let settings: [String: String]
  let machine: [String: String]
  /// When the files of the data were last changed; empty where that does not matter.
  let fileTimes: [String: String]
  /// The network's configuration.
  let network: String
  private let file: SafetensorsFile

  /// Collects what a checkpoint holds; nothing may change before it is written.
  static func writer(
    model: Model, state: TrainingState, progress: TrainingProgress, settings: CheckpointSettings
  ) throws(ModelFileError) -> SafetensorsWriter {
    let columns = HistoryTable.columns(of: progress)
    var description: JSONObject = [
      "format": .integer(formatVersion), "step": .integer(state.stepCount),
      "epoch": .integer(progress.epoch), "epoch_step": .integer(progress.epochStepCount),
      "examples": .integer(progress.totals.exampleCount),
      "rollbacks": .integer(progress.rollbackCount), "rate_factor": .float(progress.rateFactor),
      "history": .array(columns.map(JSONValue.string)),
      "settings": .texts(settings.settings), "machine": .texts(settings.machine),
    ]
    if !settings.fileTimes.isEmpty { description["file_times"] = .texts(settings.fileTimes) }
    var writer = try model.checkpointWriter(description: .object(description))
    for (number, moment) in state.moments.enumerated() {
      for index in trained(model.graph) {
        let variable = model.graph.variables[index]
        try writer.add(
          momentName(number, variable), shape: variable.shape, buffer: moment,
          offset: model.graph.layout.offsets[index])
      }
    }
    let totals = progress.totals
    try writer.add(
      totalsName, doubles: [totals.lossSum] + totals.metricSums + [progress.earlierSeconds])
    try writer.add(
      historyName, shape: Shape([progress.epochs.count, columns.count]),
      doubles: progress.epochs.flatMap { HistoryTable.row($0, columns: columns) })
    return writer
  }

  /// Reads a checkpoint and verifies its checksum.
  ///
  /// - Parameter metrics: The trainer's; a checkpoint with others is read as far as it goes and found
  ///   by its settings.
  /// - Throws: ``ModelFileError`` where the file cannot be read or is damaged; ``CheckpointError`` where
  ///   it is of a newer format.
  init(path: String, metrics: [Metric]) throws {
    let file = try SafetensorsFile(path: path)
    let (description, network) = try file.checkpointDescription()
    func error(_ expected: String, _ found: String, _ advice: String) -> ModelFileError {
      ModelFileError(file: path, expected: expected, found: found, advice: advice)
    }
    func integer(_ key: String, from least: Int) throws(ModelFileError) -> Int {
      guard case .integer(let value) = description[key], value >= least, value < 1 << 53 else {
        throw error("a whole number from \(least) as \(key)", "another value", Self.damageAdvice)
      }
      return value
    }
    let version = try integer("format", from: 1)
    guard version <= Self.formatVersion else {
      throw CheckpointError(
        .notRead,
        "\(path): expected a checkpoint of format \(Self.formatVersion) or older, found format "
          + "\(version); resume with the version of Needletail that wrote it, or a newer one.")
    }
    var progress = TrainingProgress(metrics: metrics)
    stepCount = try integer("step", from: 0)
    progress.epoch = try integer("epoch", from: 1)
    progress.epochStepCount = try integer("epoch_step", from: 0)
    progress.rollbackCount = try integer("rollbacks", from: 0)
    guard let factor = description["rate_factor"]?.doubleValue, factor > 0, factor <= 1,
      case .array(let names) = description["history"],
      case .object(let settings) = description["settings"],
      case .object(let machine) = description["machine"]
    else {
      throw error(
        "rate_factor, history, settings and machine", "others", Self.damageAdvice)
    }
    progress.rateFactor = Float(factor)
    let columns = names.map { if case .string(let name) = $0 { name } else { "" } }
    let rows = try file.doubles(named: Self.historyName)
    let totals = try file.doubles(named: Self.totalsName)
    guard rows.count == columns.count * (progress.epoch - 1), totals.count >= 2 else {
      throw error("a row of the history for each epoch", "another number", Self.damageAdvice)
    }
    for epoch in 1..<progress.epoch {
      let start = (epoch - 1) * columns.count
      progress.epochs.append(
        HistoryTable.report(
          epoch: epoch, row: Array(rows[start..<start + columns.count]), columns: columns))
    }
    progress.earlierSeconds = totals[totals.count - 1]
    let sums = Array(totals[1..<totals.count - 1])
    if sums.count == metrics.count {
      progress.totals = RunningTotals(
        metrics: metrics, lossSum: totals[0], metricSums: sums,
        exampleCount: try integer("examples", from: 0))
    }
    self.progress = progress
    self.settings = settings.texts
    self.machine = machine.texts
    if case .object(let times) = description["file_times"] {
      fileTimes = times.texts
    } else {
      fileTimes = [:]
    }
    self.network = network
    self.file = file
  }

  private static let damageAdvice = "The file was written by a faulty program; use another."

  /// Brings model and state to where the checkpoint is; its network and settings are known to be
  /// theirs.
  func restore(_ model: inout Model, _ state: TrainingState) throws(ModelFileError) {
    for (number, moment) in state.moments.enumerated() {
      for index in Self.trained(model.graph) {
        let variable = model.graph.variables[index]
        try file.copyFloats(
          named: Self.momentName(number, variable), shape: variable.shape,
          to: UnsafeMutableBufferPointer(
            start: moment.pointer + model.graph.layout.offsets[index], count: variable.shape.count)
        )
      }
    }
    try model.loadValues(from: file, allowing: .unexpected)
    state.stepCount = stepCount
    state.rateFactor = progress.rateFactor
  }

  private static func momentName(_ number: Int, _ variable: Variable) -> String {
    "\(Model.checkpointPrefix)moment.\(number).\(variable.name)"
  }

  private static func trained(_ graph: Graph) -> [Int] {
    graph.variables.indices.filter { graph.variables[$0].isTrainable }
  }
}

extension SafetensorsWriter {
  fileprivate mutating func add(
    _ name: String, shape: Shape? = nil, doubles: [Double]
  ) throws(ModelFileError) {
    try add(
      name, .float64, shape: shape ?? Shape([doubles.count]),
      bytes: doubles.withUnsafeBytes { Array($0) })
  }
}

extension JSONValue {
  fileprivate static func texts(_ texts: [String: String]) -> JSONValue {
    var object = JSONObject()
    for (key, text) in texts { object[key] = .string(text) }
    return .object(object)
  }
}

extension JSONObject {
  fileprivate var texts: [String: String] {
    var texts: [String: String] = [:]
    for (key, value) in self {
      if case .string(let text) = value { texts[key] = text }
    }
    return texts
  }
}
