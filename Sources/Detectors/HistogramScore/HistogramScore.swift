import Execution
import LinearAlgebra
import Parameters

/// HBOS: how rare each feature of a sample is by itself, in a histogram of the
/// training samples.
///
/// Goldstein and Dengel, "Histogram-based outlier score (HBOS): a fast
/// unsupervised anomaly detection algorithm", KI 2012, with bins of equal
/// width. The score is that of `HistogramScoreModel`.
public struct HistogramScore: Detector {
  /// The bins of every feature.
  public var nBins: Int
  /// What is added to every density, so that empty bins have a logarithm.
  public var alpha: Double

  /// By default: 10 bins, 0.1 added to densities.
  public init(nBins: Int = 10, alpha: Double = 0.1) {
    self.nBins = nBins
    self.alpha = alpha
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter("n-bins", \.nBins, .bins, "bins of a feature"),
      Parameter("alpha", \.alpha, .positive, "added to every density"),
    ]
  }

  public var isShared: Bool { true }

  public var invariance: Invariance { .shift }

  /// The entry of the catalogue, `hbos`.
  public static let description = DetectorDescription(
    "hbos", "histograms of each feature", group: .further,
    prototype: HistogramScore())

  /// Walks the samples twice, some at a time: for the ranges of the features,
  /// and for what falls into their bins.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> HistogramScoreModel {
    let bins = try EqualBins(of: source, count: nBins, in: context)
    let counts = try source.finiteSum(
      length: bins.total, blockSize: 8192, stage: "histograms", in: context
    ) { samples, rows, counts in
      bins.forEachRow(rows, of: samples) { _, found in
        for bin in found { counts[bin] += 1 }
      }
    }
    return HistogramScoreModel(
      bins, counts: counts, rows: source.rows, alpha: alpha)
  }
}

extension ParameterDomain<Int> {
  fileprivate static var bins: ParameterDomain {
    whole(1...65_536, "a count from 1 through 65536")
  }
}
