import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// The hyper-parameters of a way to find anomalies.
///
/// Fitting gives a model of another type, so that scoring before fitting
/// cannot be written down. A detector declares its parameters and says how it
/// learns; `fit` is what others call: it checks both beforehand.
public protocol Detector: Codable, Hashable, Sendable {
  /// What a fit gives, and what scores.
  associatedtype Model: AnomalyModel

  /// What can be set, in the order of the help.
  ///
  /// Of a family of detectors in one type, those of its own member; none
  /// unless told otherwise.
  var parameters: [Parameter<Self>] { get }

  /// What changes no order of scores, with the values that are set: the
  /// conformance suite holds the detector to it. Nothing unless told otherwise.
  var invariance: Invariance { get }

  /// Learns what ordinary samples look like.
  ///
  /// Called by `fit`, on the threads of the context, with parameters within
  /// their domains and at least one row and one column. Samples in memory are
  /// finite; others are read by `matrix(in:)`, or in batches.
  ///
  /// - Throws: `DetectorFault` when the samples cannot be used;
  ///   `CancellationError` when the context asked to stop.
  func learn(from samples: any SampleSource, in context: RunContext) throws
    -> Model
}

extension Detector {
  /// None.
  public var parameters: [Parameter<Self>] { [] }

  /// Nothing.
  public var invariance: Invariance { [] }

  /// Learns what ordinary samples look like.
  ///
  /// - Parameters:
  ///   - samples: One sample a row, all values finite; a `Matrix`, or rows that
  ///     are read when they are needed.
  ///   - context: Seed, threads, memory, and who watches or stops the fit.
  /// - Throws: `ParameterFault` when a hyper-parameter is out of its domain;
  ///   `DetectorFault` when the samples cannot be used or memory would not
  ///   suffice; `CancellationError` when the context asked to stop.
  public func fit(
    _ samples: any SampleSource, in context: RunContext = RunContext()
  ) throws -> Model {
    try check()
    guard samples.rows > 0 else {
      throw DetectorFault.tooFewSamples(count: 0, needed: 1)
    }
    guard samples.columns > 0 else { throw DetectorFault.noFeatures }
    try context.cancellation.check()
    return try context.working {
      try (samples as? Matrix)?.checkFinite()
      return try learn(from: samples, in: context)
    }
  }

  /// - Throws: `ParameterFault.impossible` for the first parameter that is not
  ///   in its domain.
  public func check() throws {
    for parameter in parameters { try parameter.check(self) }
  }
}

extension SampleSource {
  /// All rows, checked to be finite, where they fit into the memory budget.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget`, `.nonFiniteValue`.
  public func matrix(in context: RunContext) throws -> Matrix {
    if let matrix = self as? Matrix { return matrix }
    let needed = rows * columns * MemoryLayout<Float>.stride
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use smaller images (\(option: "size")), or raise the memory"
          + " budget")
    }
    return try finite(rows: Array(0..<rows))
  }

  /// Hands over all rows, some at a time and within a quarter of the memory
  /// budget, checked to be finite.
  func forEachFiniteBlock(
    stage: String, in context: RunContext, _ body: (Matrix) throws -> Void
  ) throws {
    if let matrix = self as? Matrix { return try body(matrix) }
    let share = context.memoryBudget / 4 / MemoryLayout<Float>.stride
    for rows in blocks(ofAtMost: 1 << 16, numbers: min(1 << 24, share)) {
      try context.cancellation.check()
      try body(finite(rows: Array(rows)))
      context.progress.report(
        ProgressReport(
          stage: stage, completed: rows.upperBound, total: self.rows))
    }
  }

  /// Some rows, checked to be finite.
  ///
  /// - Throws: `DetectorFault.nonFiniteValue`.
  package func finite(rows indices: [Int]) throws -> Matrix {
    let matrix = try matrix(ofRows: indices)
    if let (row, column) = matrix.firstNonFinite() {
      throw DetectorFault.nonFiniteValue(row: indices[row], column: column)
    }
    return matrix
  }
}

/// What a detector learned.
public protocol AnomalyModel: Codable, Sendable {
  /// The number of columns that samples must have.
  var featureCount: Int { get }

  /// One score a row; higher is more anomalous.
  ///
  /// Called by `scores(for:in:)`, on the threads of the context, with finite
  /// samples of the right number of columns.
  func score(_ samples: Matrix, in context: RunContext) throws -> [Float]
}

extension AnomalyModel {
  /// One score a row; higher is more anomalous.
  ///
  /// - Parameters:
  ///   - samples: A `Matrix`, or rows that are read in blocks.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: `DetectorFault` when the number of columns is another one, or a
  ///   value is not finite; `CancellationError`.
  public func scores(
    for samples: any SampleSource, in context: RunContext = RunContext()
  ) throws -> [Float] {
    try check(samples)
    return try context.working {
      try context.cancellation.check()
      if let matrix = samples as? Matrix {
        return try finiteScores(of: matrix, in: context)
      }
      var scores: [Float] = []
      scores.reserveCapacity(samples.rows)
      // Of at most 256 MiB where 16 fit.
      for block in samples.blocks(ofAtMost: 4096, numbers: 1 << 26) {
        try context.cancellation.check()
        scores += try finiteScores(
          of: samples.finite(rows: Array(block)), in: context.quiet)
        context.progress.report(
          ProgressReport(
            stage: "scoring", completed: block.upperBound,
            total: samples.rows))
      }
      return scores
    }
  }
}

extension AnomalyModel {
  private func finiteScores(
    of samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let scores = try score(samples, in: context)
    try checkFinite(scores)
    return scores
  }

  /// - Throws: `DetectorFault.noSolution`.
  func checkFinite(_ scores: [Float]) throws {
    guard scores.allSatisfy(\.isFinite) else {
      throw DetectorFault.noSolution(
        problem: "a score is not a finite number",
        remedy: "scale the features to a common range")
    }
  }

  /// Throws the fault that keeps the model from working on samples; those that
  /// are not in memory are checked when they are read.
  package func check(_ samples: any SampleSource) throws {
    guard samples.columns == featureCount else {
      throw DetectorFault.wrongFeatureCount(
        actual: samples.columns, expected: featureCount)
    }
    try (samples as? Matrix)?.checkFinite()
  }
}

extension RunContext {
  /// Does work on the threads of this context, with OpenBLAS on each for
  /// itself.
  func working<Result>(_ work: () throws -> Result) rethrows -> Result {
    try BLAS.onCallingThread { try withThreads(work) }
  }
}
