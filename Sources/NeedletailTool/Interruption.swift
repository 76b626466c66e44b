import Needletail
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The signals that end a training in good order, or ask it for a checkpoint.
///
/// SIGTERM, SIGINT and SIGUSR1 end it after the step under way, with a checkpoint; a second SIGINT at
/// once. SIGHUP asks for a checkpoint. Before the first step and after the last there is nothing to
/// save: the process ends with the same status.
///
/// The handlers use nothing but atomic integers, `write`, `getpid`, `_exit`, `signal` and `raise`, which may be
/// used in one.
enum Interruption {
  private static let endingSignal = Atomic<Int32>(0)
  private static let wantsCheckpoint = Atomic<Bool>(false)
  private static let isTraining = Atomic<Bool>(false)
  /// Who tells the end to a program that reads JSON: the first to say so, be it a handler, which may run on
  /// another thread, or the command.
  private static let telling = Atomic<Int32>(Telling.none)

  private enum Telling {
    /// Nobody: JSON is not asked for.
    static let none: Int32 = 0
    /// Nobody has begun.
    static let open: Int32 = 1
    static let byHandler: Int32 = 2
    static let byCommand: Int32 = 3
    /// The command does, and a signal has come meanwhile.
    static let byCommandAfterSignal: Int32 = 4
  }

  /// What a program that reads JSON is told where there is nothing to save.
  private static let ending: StaticString =
    """
    {"error":"interrupted by a signal outside of the training's steps: there was nothing to save.",\
    "event":"ended","exit_code":75,"outcome":"interrupted"}

    """

  /// Begins to watch for signals.
  ///
  /// - Parameter writesJSON: Whether an end at once is told on standard output.
  static func watch(writesJSON: Bool) {
    // So that what the handler uses is made before it runs.
    endingSignal.store(0, ordering: .relaxed)
    wantsCheckpoint.store(false, ordering: .relaxed)
    isTraining.store(false, ordering: .relaxed)
    telling.store(writesJSON ? Telling.open : Telling.none, ordering: .relaxed)
    var action = sigaction()
    // Calls that a signal interrupts go on by themselves.
    action.sa_flags = SA_RESTART
    #if canImport(Darwin)
    action.__sigaction_u.__sa_handler = handle
    #else
    action.__sigaction_handler.sa_handler = handle
    #endif
    var watched = sigset_t()
    sigemptyset(&watched)
    for number in [SIGTERM, SIGINT, SIGUSR1, SIGHUP] {
      var old = sigaction()
      sigaction(number, nil, &old)
      // A shell has background jobs ignore it: then it is meant for another program.
      if number == SIGINT && ignores(old) { continue }
      sigaction(number, &action, nil)
      sigaddset(&watched, number)
    }
    // A parent may have started the tool from a thread that blocks them.
    pthread_sigmask(SIG_UNBLOCK, &watched, nil)
  }

  /// Lets signals end this process as they end any other, for all commands.
  ///
  /// The first process of a container is spared by the kernel what it has no handler for: it ends with
  /// 128 + the signal's number, as a shell tells it of others. And a parent may have started the tool from
  /// a thread that blocks signals.
  static func endProcess() {
    let ending = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM]
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in ending { sigaddset(&unblocked, number) }
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    guard getpid() == 1 else { return }
    for number in ending { signal(number) { _exit(128 + $0) } }
  }

  private static func ignores(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
    let handler = action.__sigaction_u.__sa_handler
    #else
    let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static let handle: @convention(c) (Int32) -> Void = { number in
    if number == SIGHUP {
      Interruption.wantsCheckpoint.store(true, ordering: .relaxed)
    } else if !Interruption.isTraining.load(ordering: .relaxed) {
      switch Interruption.changeTelling(from: Telling.open, to: Telling.byHandler) {
      case Telling.open:
        let text = Interruption.ending
        _ = write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
      // The handler on another thread ends the process.
      case Telling.byHandler: return
      case Telling.byCommand:
        // So does the command, once the last object is read; if nobody reads it, the next signal.
        let found = Interruption.changeTelling(
          from: Telling.byCommand, to: Telling.byCommandAfterSignal)
        if found == Telling.byCommand { return }
      default: break
      }
      _exit(ExitStatus.tryAgain.rawValue)
    } else if Interruption.endingSignal.exchange(number, ordering: .relaxed) == SIGINT,
      number == SIGINT
    {
      if getpid() == 1 { _exit(128 + SIGINT) }
      signal(SIGINT, SIG_DFL)
      raise(SIGINT)
    }
  }

  /// From now on, signals wait for the end of a step.
  static func trainingBegins() { isTraining.store(true, ordering: .relaxed) }

  /// From now on, signals end the process.
  static func trainingEnded() { isTraining.store(false, ordering: .relaxed) }

  /// From now on, the handler tells no end: the caller writes the last object, and there is one only.
  ///
  /// Does not return where the handler was first: it ends the process.
  static func endIsBeingTold() {
    if changeTelling(from: Telling.open, to: Telling.byCommand) == Telling.byHandler {
      while true { pause() }
    }
  }

  /// Makes one state another, and returns the one that was found.
  private static func changeTelling(from old: Int32, to new: Int32) -> Int32 {
    telling.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).original
  }

  /// What a training should do.
  static func answer() -> TrainingAction {
    if hasEnded { return .checkpointAndStop }
    guard wantsCheckpoint.load(ordering: .relaxed) else { return .continue }
    wantsCheckpoint.store(false, ordering: .relaxed)
    return .checkpoint
  }

  /// Whether a signal has asked for the end.
  static var hasEnded: Bool { endingSignal.load(ordering: .relaxed) != 0 }

  /// The signal that has ended the training.
  static var signalName: String {
    switch endingSignal.load(ordering: .relaxed) {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGUSR1: "SIGUSR1"
    default: "a signal"
    }
  }
}
