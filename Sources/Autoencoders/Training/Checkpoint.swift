import Detectors
import Execution
import Files
import Foundation
import LinearAlgebra

/// All that a training needs to go on after an epoch as if it had never
/// stopped.
///
/// Chance is no part of it: every step draws from streams that the seed and
/// the count of steps determine.
struct Checkpoint: Codable {
  /// What must be the same when training goes on.
  struct Run: Codable, Hashable {
    var detector: Autoencoder
    var imageShape: ImageShape
    var seed: UInt64
    var rows: Int
  }

  var run: Run
  var state: LearnerState
  var optimizers: [Adam]
  var history: [EpochRecord]
  /// The weights of the best epoch, where a slice is held out.
  var best: LearnerState?

  func write(to url: URL) throws {
    try Safetensors(encoding: self).write(to: url)
  }

  /// - Throws: `FileFault`, and `AutoencoderFault.foreignCheckpoint`.
  init(contentsOf url: URL, expecting run: Run) throws {
    let file = try Safetensors(contentsOf: url)
    func foreign(_ difference: String) -> AutoencoderFault {
      .foreignCheckpoint(path: url.path, difference: difference)
    }
    do {
      self = try file.decode(Checkpoint.self)
    } catch is DecodingError {
      throw foreign("the file holds something else")
    }
    let (mine, its) = (run.detector, self.run.detector)
    if its.architecture != mine.architecture {
      throw foreign("it trains \(its.architecture.rawValue)")
    }
    if its != mine { throw foreign("its hyper-parameters are others") }
    if self.run.imageShape != run.imageShape {
      throw foreign("its images have another shape")
    }
    if self.run.seed != run.seed {
      throw foreign("its seed is \(self.run.seed)")
    }
    if self.run.rows != run.rows {
      throw foreign("it trains on \(self.run.rows) images")
    }
  }

  init(
    run: Run, state: LearnerState, optimizers: [Adam],
    history: [EpochRecord], best: LearnerState?
  ) {
    self.run = run
    self.state = state
    self.optimizers = optimizers
    self.history = history
    self.best = best
  }
}
