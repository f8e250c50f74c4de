import Diagnostics

extension RunContext {
  /// One context for every part of the work, whose reports move one bar: each
  /// part by its weight, and inside a part never back.
  ///
  /// - Parameter weights: Roughly how long each part takes, beside the others.
  public func parts(_ weights: [Double]) -> [RunContext] {
    let total = max(weights.reduce(0, +), .leastNormalMagnitude)
    var start = 0.0
    return weights.map { weight in
      let end = start + weight / total
      defer { start = end }
      var part = self
      part.progress = PartProgress(progress, from: start, to: end)
      return part
    }
  }
}

extension RunContext {
  /// The same context, whose reports say what they are about.
  public func named(_ name: String) -> RunContext {
    var context = self
    context.progress = NamedProgress(sink: progress, name: name)
    return context
  }
}

private struct NamedProgress: ProgressSink {
  let sink: any ProgressSink
  let name: String

  func report(_ progress: ProgressReport) {
    var progress = progress
    progress.stage = "\(name), \(progress.stage)"
    sink.report(progress)
  }

  func warn(_ line: FaultMessage) { sink.warn(line) }
  func note(_ line: FaultMessage) { sink.note(line) }
}

/// Turns reports about a part of the work into reports about the whole.
private final class PartProgress: ProgressSink {
  private struct State {
    var stage = ""
    /// How much of the part was done when the stage began, and is done now.
    var start = 0.0
    var reached = 0.0
  }

  private let sink: any ProgressSink
  private let start: Double
  private let width: Double
  private let state = Protected(State())

  /// What a stage is taken to be of what is left of its part, since nobody
  /// tells how many stages are to come.
  private static let stageShare = 0.6

  init(_ sink: any ProgressSink, from start: Double, to end: Double) {
    self.sink = sink
    self.start = start
    width = end - start
  }

  func report(_ progress: ProgressReport) {
    var progress = progress
    progress.share = start + width * reached(progress)
    sink.report(progress)
  }

  func warn(_ line: FaultMessage) { sink.warn(line) }
  func note(_ line: FaultMessage) { sink.note(line) }

  private func reached(_ progress: ProgressReport) -> Double {
    state.withLock { state in
      if let share = progress.share {
        state.reached = max(state.reached, min(share, 1))
        return state.reached
      }
      let done = progress.total.map {
        min(Double(progress.completed) / Double(max($0, 1)), 1)
      }
      let now = { (state: State) in
        state.start + (1 - state.start) * Self.stageShare * (done ?? 0)
      }
      // Another stage, or the same once more.
      if progress.stage != state.stage || now(state) < state.reached - 0.01 {
        state.stage = progress.stage
        state.start = state.reached
      }
      state.reached = max(state.reached, now(state))
      return state.reached
    }
  }
}
