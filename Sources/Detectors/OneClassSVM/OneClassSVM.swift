import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// The nu-one-class support vector machine with the Gaussian kernel: the
/// smoothest region that holds all but a fraction nu of the samples
/// (Schölkopf, Platt, Shawe-Taylor, Smola and Williamson 2001).
public struct OneClassSVM: Detector {
  /// An upper bound on the fraction of training samples that are outside, and
  /// a lower bound on the fraction of support vectors; in (0, 1], 0.5 by
  /// default.
  public var nu: Double
  /// The width of the kernel; `scale` by default.
  public var gamma: Gamma
  /// The solver stops when no pair of samples violates the conditions of
  /// optimality by more; positive.
  ///
  /// Nil, the default, means 1e-6 for up to 5,000 samples, whose order a coarse
  /// solution may change, and 1e-3 for more.
  public var tolerance: Double?
  /// The most memory for kernel values, in MiB; at least 1, 200 by default.
  public var cacheSize: Int
  /// Whether the solver leaves out samples that seem settled; true by default.
  ///
  /// It changes the time and not the result.
  public var shrinking: Bool
  /// The number of samples to learn from, chosen at random; nil, the default,
  /// means all.
  public var maxSamples: Int?
  /// The most steps of the solver; nil, the default, means the larger of ten
  /// million and a hundred for each sample, as in LIBSVM.
  public var maxIterations: Int?

  /// By default: nu 0.5, gamma `scale`, a tolerance by the number of samples,
  /// 200 MiB, shrinking, all samples.
  public init(
    nu: Double = 0.5,
    gamma: Gamma = .scale,
    tolerance: Double? = nil,
    cacheSize: Int = 200,
    shrinking: Bool = true,
    maxSamples: Int? = nil,
    maxIterations: Int? = nil
  ) {
    self.nu = nu
    self.gamma = gamma
    self.tolerance = tolerance
    self.cacheSize = cacheSize
    self.shrinking = shrinking
    self.maxSamples = maxSamples
    self.maxIterations = maxIterations
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "nu", \.nu,
        .number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 },
        "bound on the fraction of outliers"),
      Parameter(
        "gamma", \.gamma, .gamma, "kernel width: scale, auto or a number"),
      Self.iterationLimit,
      Parameter(
        "max-samples", \.maxSamples, .count, "samples to learn from",
        unset: "every one"),
      Parameter(
        "tolerance", \.tolerance, .positive, "largest violation",
        unset: "1e-6 for up to 5,000 samples, else 1e-3"),
      Parameter(
        "cache-size", \.cacheSize, .count, "MiB for kernel values"),
    ]
  }

  private static let iterationLimit = Parameter<Self>(
    "max-iter", \.maxIterations, .count, "most iterations",
    unset: "100 a sample, at least ten million")

  /// The variance that `scale` divides by is of all values, whatever their
  /// feature.
  public var invariance: Invariance { gamma == .scale ? .scale : .shift }

  /// The entry of the catalogue, `ocsvm`, with nu 0.1; nu 0.5 and one over the
  /// number of features where anomalies are among the training samples.
  public static let description = DetectorDescription(
    "ocsvm", "one-class SVM with an RBF kernel",
    prototype: OneClassSVM(nu: 0.1),
    amongAnomalies: OneClassSVM(nu: 0.5, gamma: .auto)
  ) { detector in
    FitGrowth(
      seconds: 3 * detector.nu, rowPower: 1.9, rowLimit: detector.maxSamples,
      remedies: ["max-samples", "nu", "size"])
  }

  /// Learns the support vectors.
  ///
  /// Of samples that are not in memory only those that `maxSamples` draws are
  /// read.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> OneClassSVMModel {
    let count = min(source.rows, maxSamples ?? source.rows)
    let cacheElements = try cacheElements(
      rows: count, columns: source.columns, budget: context.memoryBudget)

    var chosen = Array(0..<source.rows)
    if count < source.rows {
      var generator = SeededGenerator(seed: context.seed)
      chosen = generator.sample(count, below: source.rows)
    }
    // The solver starts with a part of the points, which must be like the rest
    // even when the rows are sorted. The order is no random choice of the
    // user's: the seed does not change it.
    var generator = SeededGenerator(seed: 0)
    chosen.shuffle(using: &generator)

    let tolerance = tolerance ?? (count <= 5_000 ? 1e-6 : 1e-3)
    let (points, gamma) = try scaledPoints(source, rows: chosen)
    try context.cancellation.check()
    let solver = SequentialMinimalOptimization(
      points,
      .init(
        nu: nu, tolerance: tolerance, shrinking: shrinking,
        maxIterations: maxIterations ?? max(10_000_000, 100 * count),
        cacheElements: cacheElements),
      in: context)
    try solver.solve()
    if solver.gap >= tolerance {
      context.warn(
        "the one-class SVM stopped after \(solver.iterations) iterations, before"
          + " it was optimal (gap \(Float(solver.gap)), tolerance \(tolerance)):"
          + " raise \(option: Self.iterationLimit.option)")
    }

    // In the order of the rows, whatever the order of the solver.
    let supportVectors = solver.alpha.indices
      .filter { solver.alpha[$0] > 0 }
      .map { (row: chosen[solver.order[$0]], alpha: solver.alpha[$0]) }
      .sorted { $0.row < $1.row }
    return OneClassSVMModel(
      supportVectors: try source.matrix(ofRows: supportVectors.map(\.row)),
      coefficients: supportVectors.map(\.alpha), rho: solver.rho,
      gamma: gamma,
      convergence: .init(
        objective: solver.objective, iterations: solver.iterations,
        gap: solver.gap))
  }

  /// Some rows as the solver wants them, and the width of the kernel; of
  /// samples that are not in memory only these rows are read.
  private func scaledPoints(
    _ source: any SampleSource, rows: [Int]
  ) throws -> (ScaledPoints, gamma: Double) {
    var (samples, places) = (source as? Matrix, rows)
    if samples == nil {
      // Files are read from front to back.
      let order = rows.indices.sorted { rows[$0] < rows[$1] }
      samples = try source.finite(rows: order.map { rows[$0] })
      for (place, index) in order.enumerated() { places[index] = place }
    }
    guard let samples else { preconditionFailure("the rows were read") }
    let moments = SampleMoments(samples, rows: places)
    let gamma = gamma.number(
      features: samples.columns, variance: moments.totalVariance)
    return (
      ScaledPoints(samples, rows: places, centre: moments.means, gamma: gamma),
      gamma
    )
  }

  /// The length of the kernel row cache that the budget leaves.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget` when it leaves too little.
  private func cacheElements(
    rows: Int, columns: Int, budget: Int
  ) throws -> Int {
    let size = MemoryLayout<Float>.stride
    // The scaled points, the vectors of the solver, and enough kernel rows.
    let bytesPerRow = (columns + 16 + 64) * size
    // Rows that are multiplied together are gathered, with their products.
    let mostGathered = 4096
    let bytesPerGathered = (columns + 1024) * size
    let needed =
      rows * bytesPerRow + min(rows, mostGathered) * bytesPerGathered
    guard needed <= budget else {
      let affordable = max(
        1, budget / (bytesPerRow + bytesPerGathered),
        (budget - mostGathered * bytesPerGathered) / bytesPerRow)
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: budget,
        remedy: "fit to fewer rows with \(option: "max-samples", affordable)")
    }
    return min(cacheSize << 20, budget - needed) / size
  }
}

extension Gamma {
  fileprivate func number(features: Int, variance: Double) -> Double {
    switch self {
    case .scale: variance > 0 ? 1 / (Double(features) * variance) : 1
    case .auto: 1 / Double(features)
    case .value(let number): number
    }
  }
}
