import Autoencoders
import Experiments
import Files
import Foundation
import Plots

extension FittedPipeline {
  /// Writes `history.csv` and `history.svg` of a training; nothing for
  /// detectors that are not trained by epochs.
  ///
  /// - Throws: `FileFault.unwritable`.
  func writeHistory(to folder: URL) throws {
    guard let model = model as? AutoencoderModel else { return }
    try WholeFile.write(
      model.history.csv, to: folder.appendingPathComponent("history.csv"))
    try WholeFile.write(
      Plot.trainingHistory(model.history).svg,
      to: folder.appendingPathComponent("history.svg"))
  }
}
