import ArgumentParser
import Needletail

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How the tool ends, by `sysexits.h`.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case usage = 64
  case badData = 65
  case noInput = 66
  case software = 70
  case systemError = 71
  case cannotCreate = 73
  case inputOutput = 74
  case tryAgain = 75
  case noPermission = 77
  case configuration = 78

  /// The meaning, for help.
  var meaning: String {
    switch self {
    case .success: "all went well"
    case .usage: "wrong arguments"
    case .badData: "data or a model file that is damaged or does not fit; a diverged training"
    case .noInput: "a file or folder that is not there or cannot be read"
    case .software: "a mistake in the tool itself"
    case .systemError: "the system refused, for want of memory for instance"
    case .cannotCreate: "an output that cannot be created, or a run folder that holds a run"
    case .inputOutput: "reading or writing failed on the way"
    case .tryAgain: "interrupted by a signal, with a checkpoint to resume from: start it again"
    case .noPermission: "a file that may not be read or written"
    case .configuration: "a mistake in a network file"
    }
  }

  /// A line for each code.
  static var helpTable: String {
    allCases.map { status in
      (status.rawValue < 10 ? "   " : "  ") + "\(status.rawValue)  \(status.meaning)"
    }
    .joined(separator: "\n")
  }

  /// The status of a command that ended with the given error.
  init(of error: any Error) {
    switch error {
    case let error as DatasetError:
      self =
        switch error.kind {
        case .unreadable: .noInput
        case .refused: .systemError
        default: .badData
        }
    case let error as ImageProblems:
      self = error.problems.allSatisfy { $0.kind == .unreadable } ? .noInput : .badData
    case let error as ModelFileError: self = Self(systemError: error.systemError)
    case let error as RunFolderError:
      self = Self(output: error.systemError, isCreated: error.kind == .notWritten)
    case let error as CheckpointError:
      switch error.kind {
      case .otherSettings: self = .usage
      case .notRead: self = Self(systemError: error.systemError)
      case .inUse, .used, .notCreated, .notWritten:
        self = Self(output: error.systemError, isCreated: error.kind == .notWritten)
      }
    case let error as NetworkSourceError:
      switch error.kind {
      case .unknownName: self = .usage
      case .invalidFile: self = .configuration
      case .misfit: self = .badData
      }
    case let error as BenchmarkError:
      self = error.kind == .notWritten ? .cannotCreate : .usage
    case let error as StreamError: self = Self(systemError: error.number)
    case is ShapeError, is TrainingError, is DivergenceError, is PredictionError,
      is EvaluationError, is VariableError:
      self = .badData
    case is InterruptedTraining: self = .tryAgain
    case let error as EndedTraining: self = Self(of: error.error)
    case let error as TrainingFailure: self = Self(of: error.error)
    case let error as BadExamples: self = Self(of: error.first)
    case is MemoryError, is BLASError, is UnknownArguments: self = .systemError
    case is EngineError, is EmptyArgument, is OptionError: self = .usage
    default: self = .software
    }
  }

  /// The status for an error number of the system with an output.
  private init(output number: Int32?, isCreated: Bool) {
    switch number {
    case EACCES, EPERM, EROFS: self = .noPermission
    case ENOMEM, EMFILE, ENFILE, EAGAIN: self = .systemError
    default: self = isCreated ? .inputOutput : .cannotCreate
    }
  }

  /// The status for an error number of the system; of bad data if there is none.
  private init(systemError number: Int32?) {
    switch number {
    case nil: self = .badData
    case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: self = .noInput
    case EACCES, EPERM: self = .noPermission
    case ENOMEM, EMFILE, ENFILE, EAGAIN: self = .systemError
    default: self = .inputOutput
    }
  }
}
