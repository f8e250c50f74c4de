import AnomalyKit
import Foundation
import Synchronization

/// A progress bar on standard error, on a terminal only.
final class TerminalProgress: ProgressSink {
  private struct State {
    var stage = ""
    var started = ContinuousClock.now
    var drawn = ContinuousClock.now - .seconds(1)
    var isVisible = false
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func report(_ progress: ProgressReport) {
    guard isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if progress.stage != state.stage {
        state.stage = progress.stage
        state.started = now
      } else if now - state.drawn < .milliseconds(100),
        progress.completed != progress.total
      {
        return
      }
      state.drawn = now
      state.isVisible = true
      print(line(for: progress, elapsed: now - state.started), terminator: "")
    }
  }

  func warn(_ line: Message) {
    clear()
    complain(line.text(for: .commandLine), as: "warning")
  }

  /// Wipes the bar, before other lines are printed.
  func clear() {
    state.withLock { state in
      guard state.isVisible else { return }
      state.isVisible = false
      print("\r\u{1B}[K", terminator: "")
    }
  }

  private func print(_ text: String, terminator: String) {
    FileHandle.standardError.write(Data((text + terminator).utf8))
  }

  private func line(for progress: ProgressReport, elapsed: Duration) -> String {
    var line = "\r\u{1B}[K\(progress.stage) "
    if let total = progress.total, total > 0 {
      let fraction = min(
        progress.share ?? Double(progress.completed) / Double(total), 1)
      let filled = Int(fraction * 24)
      line += "[" + String(repeating: "=", count: filled)
      line += String(repeating: " ", count: 24 - filled) + "] "
      line += "\(progress.completed)/\(total)"
      if fraction > 0, fraction < 1 {
        let seconds = Double(elapsed.components.seconds) / fraction
        line += ", \(clock(seconds * (1 - fraction))) left"
      }
    } else {
      line += "\(progress.completed)"
    }
    return line + (progress.detail.map { ", \($0)" } ?? "")
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return "\(whole / 60):" + String(format: "%02d", whole % 60)
  }
}
