import Dispatch
import Glibc
import Synchronization
import Testing
import Threads

@Suite struct SystemThreadTests {
  @Test func runsTheBodyOnceOnAThreadOfItsOwn() {
    let done = DispatchSemaphore(value: 0)
    let thread = Atomic<UInt>(0)
    #expect(
      SystemThread.start(name: "test") {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        done.signal()
      })
    done.wait()
    let other = thread.load(ordering: .relaxed)
    #expect(other != UInt(pthread_self()))
  }

  @Test func hasTheStackThatWasAskedFor() {
    let done = DispatchSemaphore(value: 0)
    let remaining = Atomic<Int>(0)
    #expect(
      SystemThread.start(name: "test", stackByteCount: 32 << 20) {
        remaining.store(SystemThread.remainingStackByteCount(), ordering: .relaxed)
        done.signal()
      })
    done.wait()
    let count = remaining.load(ordering: .relaxed)
    #expect(count > 31 << 20 && count <= 33 << 20)
  }

  @Test func leavesSignalsToTheProgram() {
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &before)
    let done = DispatchSemaphore(value: 0)
    let blocked = Atomic<Bool>(false)
    let faults = Atomic<Bool>(true)
    #expect(
      SystemThread.start(name: "test") {
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        blocked.store(
          [SIGTERM, SIGINT, SIGCHLD, SIGUSR1].allSatisfy { sigismember(&mask, $0) == 1 },
          ordering: .relaxed)
        faults.store(sigismember(&mask, SIGSEGV) == 1, ordering: .relaxed)
        done.signal()
      })
    done.wait()
    let (isBlocked, areFaults) = (blocked.load(ordering: .relaxed), faults.load(ordering: .relaxed))
    #expect(isBlocked)
    #expect(!areFaults)
    // The caller's own mask is as it was.
    var after = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &after)
    for number in Int32(1)..<32 {
      #expect(sigismember(&after, number) == sigismember(&before, number))
    }
  }

  @Test func aRefusalIsAnAnswer() {
    // More addresses than any processor has.
    #expect(!SystemThread.start(name: "test", stackByteCount: 1 << 60) {})
  }

  @Test func aTeamSaysHowManyThreadsRun() {
    let team = WorkerTeam(threadCount: 3)
    #expect(team.runningThreadCount() == 3)
    #expect(team.runningThreadCount() == 3)
    #expect(WorkerTeam.serial.runningThreadCount() == 1)
  }
}
