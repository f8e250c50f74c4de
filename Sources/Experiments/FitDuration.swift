import Autoencoders
import Detectors
import Diagnostics
import Execution
import Foundation
import LinearAlgebra

/// How the time of a fit grows: `seconds` at 10,000 rows of 1,000 columns, with
/// the powers of rows and columns.
///
/// Measured on two cores of 2.6 GHz (see performance.md); other machines
/// differ by a factor, data by another: an order of magnitude is meant.
struct FitDuration: Hashable, Sendable {
  var seconds: Double
  var rowPower: Double
  var columnPower: Double

  func seconds(rows: Int, columns: Int) -> Double {
    seconds * pow(Double(rows) / 10_000, rowPower)
      * pow(Double(columns) / 1_000, columnPower)
  }
}

extension NamedDetector {
  /// From what duration a user would rather be asked.
  private static let longFit: Double = 600

  /// Warns of a fit that will take more than ten minutes, with the option that
  /// helps.
  func warnOfLongFit(to samples: any SampleSource, in context: RunContext) {
    guard let (duration, rows, remedy) = duration(rows: samples.rows) else {
      return
    }
    let seconds = duration.seconds(rows: rows, columns: samples.columns)
    guard seconds > Self.longFit else { return }
    context.progress.warn(
      "\(name) will take about \(Int((seconds / 60).rounded())) minutes for"
        + " \(rows) samples of \(samples.columns) features: \(remedy)")
  }

  /// Roughly how long a fit takes.
  func expectedSeconds(rows: Int, columns: Int) -> Double {
    // Nothing takes no time, and what is always quick takes this.
    let least = 0.02
    guard let (duration, rows, _) = duration(rows: rows) else { return least }
    return least + duration.seconds(rows: rows, columns: columns)
  }

  /// The growth of the detector's fit, the rows that count, and what makes
  /// fewer of them; nil for detectors that are always quick.
  private func duration(
    rows: Int
  ) -> (duration: FitDuration, rows: Int, remedy: String)? {
    switch detector {
    case let detector as OneClassSVM:
      (
        FitDuration(
          seconds: 3 * detector.nu, rowPower: 1.9, columnPower: 1),
        min(rows, detector.maxSamples ?? rows),
        "lower --max-samples, --nu or --size"
      )
    case let detector as KMeansDistance:
      (
        FitDuration(
          seconds: 0.007 * Double(detector.nClusters * detector.nInit),
          rowPower: 1, columnPower: 1), rows,
        "lower --n-clusters, --n-init or --size"
      )
    case is PCAReconstruction:
      (
        FitDuration(seconds: 0.15, rowPower: 1, columnPower: 2), rows,
        "lower --size"
      )
    case let detector as Autoencoder:
      (
        FitDuration(
          seconds: Double(detector.training.epochs)
            * detector.architecture.secondsPerEpoch,
          rowPower: 1, columnPower: 1), rows, "lower --epochs or --size"
      )
    default: nil
    }
  }
}

extension Architecture {
  /// One pass over 10,000 images of 1,000 numbers.
  fileprivate var secondsPerEpoch: Double {
    switch self {
    case .fcn: 0.1
    case .cnn, .cnnBN, .vae, .mnistCNN, .deepSVDD, .endToEndOCC: 0.3
    case .multiEncoder, .noiseClassifier, .ocgan: 2
    }
  }
}
