import Detectors
import Execution

extension ConformanceCheck {
  static let cancellation = ConformanceCheck("A cancelled fit stops") {
    detector in
    let context = RunContext()
    context.cancellation.cancel()
    try requireFailure("CancellationError", of: "the fit") {
      _ = try detector.fit(ordinarySamples(), in: context)
    } where: {
      $0 is CancellationError
    }
  }

  static let cancellationUnderWay = ConformanceCheck(
    "A fit that is cancelled at its first report of progress stops"
  ) { detector in
    let cancellation = Cancellation()
    let sink = CancellingSink(cancellation: cancellation)
    let context = RunContext(progress: sink, cancellation: cancellation)
    let samples = ordinarySamples(rows: 1500)
    let start = ContinuousClock.now
    func fit() throws { _ = try detector.fit(samples, in: context) }
    do {
      try fit()
    } catch is CancellationError where cancellation.isRequested {
      return
    }
    try require(
      !cancellation.isRequested, "the fit goes on to its end")
    // What is over in a moment need not report what it does.
    try require(
      ContinuousClock.now - start < .seconds(5),
      "a fit of \(ContinuousClock.now - start) reports no progress")
  }

  static let cancelledScoring = ConformanceCheck("Cancelled scoring stops") {
    detector in
    let samples = ordinarySamples()
    let model = try detector.fit(samples, in: RunContext())
    let context = RunContext()
    context.cancellation.cancel()
    try requireFailure("CancellationError", of: "scoring") {
      _ = try model.scores(for: samples, in: context)
    } where: {
      $0 is CancellationError
    }
  }
}

/// Cancels at the first report of unfinished work.
private struct CancellingSink: ProgressSink {
  let cancellation: Cancellation

  func report(_ progress: ProgressReport) {
    if progress.completed != progress.total { cancellation.cancel() }
  }
}
