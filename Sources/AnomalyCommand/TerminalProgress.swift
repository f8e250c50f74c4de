import AnomalyKit
import Foundation
import Synchronization

/// Progress on standard error: one bar on a terminal; elsewhere a line for
/// every milestone, though at most one a second, and one every half a minute
/// of long work.
///
/// Notes wait until work begins or is done, so that a refusal stays one line.
final class TerminalProgress: ProgressSink {
  private struct State {
    var told: ContinuousClock.Instant
    var isVisible = false
    var notes: [FaultMessage] = []
  }

  private let started = ContinuousClock.now
  private let state: Mutex<State>
  private let isTerminal = isatty(STDERR_FILENO) == 1

  private static let barInterval = Duration.milliseconds(100)
  private static let milestoneInterval = Duration.seconds(1)
  private static let lineInterval = Duration.seconds(30)

  init() {
    state = Mutex(State(told: started - Self.barInterval))
  }

  func report(_ progress: ProgressReport) {
    tellNotes()
    state.withLock { state in
      let now = ContinuousClock.now
      if isTerminal {
        guard now - state.told >= Self.barInterval else { return }
        state.isVisible = true
        StandardStreams.tell(
          "\r\u{1B}[K" + bar(progress, elapsed: now - started))
      } else {
        guard
          now - max(state.told, started)
            >= (progress.isMilestone
              ? Self.milestoneInterval : Self.lineInterval)
        else { return }
        complain(line(progress, elapsed: now - started), as: "progress")
      }
      state.told = now
    }
  }

  func warn(_ line: FaultMessage) {
    tellNotes()
    clear()
    complain(line.text(for: .commandLine), as: "warning")
  }

  func note(_ line: FaultMessage) {
    state.withLock { $0.notes.append(line) }
  }

  /// Prints the notes that wait.
  func tellNotes() {
    let notes = state.withLock { state in
      defer { state.notes = [] }
      return state.notes
    }
    guard !notes.isEmpty else { return }
    clear()
    for note in notes { complain(note.text(for: .commandLine), as: "note") }
  }

  /// Wipes the bar, before other lines are printed.
  func clear() {
    state.withLock { state in
      guard state.isVisible else { return }
      state.isVisible = false
      StandardStreams.tell("\r\u{1B}[K")
    }
  }

  private func bar(_ progress: ProgressReport, elapsed: Duration) -> String {
    let share = share(of: progress)
    let filled = Int(share * 24)
    return "[" + String(repeating: "=", count: filled)
      + String(repeating: " ", count: 24 - filled) + "] "
      + line(progress, elapsed: elapsed)
  }

  /// Such as "43 %, 1:20 left, training 860/2000, epoch 9/20, loss 0.01".
  private func line(_ progress: ProgressReport, elapsed: Duration) -> String {
    let share = share(of: progress)
    let seconds = elapsed / .seconds(1)
    let left =
      share > 0.01 && seconds > 2
      ? ", \(clock(seconds * (1 - share) / share)) left" : ""
    let count =
      progress.total.map { "\(progress.completed)/\($0)" }
      ?? "\(progress.completed)"
    let line =
      "\(Int(share * 100)) %\(left), \(progress.stage) \(count)"
      + (progress.detail.map { ", \($0)" } ?? "")
    return line.visible
  }

  private func share(of progress: ProgressReport) -> Double {
    let share =
      progress.share
      ?? progress.total.map { Double(progress.completed) / Double(max($0, 1)) }
    return min(max(share ?? 0, 0), 1)
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 360_000).rounded(.up))
    return "\(whole / 60):" + String(format: "%02d", whole % 60)
  }
}
