import AnomalyKit
import Dispatch
import Synchronization

/// How long one stage of a fit takes: from when the clock is made to the last
/// that is told of the stage.
final class StageClock: ProgressSink {
  private let stage: String
  private let start = DispatchTime.now().uptimeNanoseconds
  private let nanoseconds = Atomic<UInt64>(0)

  init(of stage: String) { self.stage = stage }

  var seconds: Double {
    Double(nanoseconds.load(ordering: .relaxed)) * 1e-9
  }

  func report(_ progress: ProgressReport) {
    guard progress.stage == stage else { return }
    nanoseconds.store(
      DispatchTime.now().uptimeNanoseconds - start, ordering: .relaxed)
  }
}
