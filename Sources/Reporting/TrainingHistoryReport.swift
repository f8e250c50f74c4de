import Detectors
import Files
import Foundation
import Plots

extension [EpochRecord] {
  /// Writes `history.csv` and `history.svg`.
  ///
  /// - Throws: `FileFault.unwritable`.
  func write(to folder: URL) throws {
    try WholeFile.write(
      csv, to: folder.appendingPathComponent("history.csv"))
    try WholeFile.write(
      VectorPlot.trainingHistory(self).svg,
      to: folder.appendingPathComponent("history.svg"))
  }
}
