import Execution
import LinearAlgebra

/// The hyper-parameters of a way to find anomalies.
///
/// Fitting gives a model of another type, so that scoring before fitting
/// cannot be written down.
public protocol Detector: Codable, Hashable, Sendable {
  associatedtype Model: AnomalyModel

  /// Learns what ordinary samples look like.
  ///
  /// - Parameters:
  ///   - samples: One sample a row, all values finite.
  ///   - context: Seed, threads, memory, and who watches or stops the fit.
  /// - Throws: `DetectorFault` when a hyper-parameter is out of range or the
  ///   samples cannot be used; `CancellationError` when the context asked to
  ///   stop.
  func fit(_ samples: Matrix, in context: RunContext) throws -> Model

  /// The same for samples that are read when they are needed. By default they
  /// are all read first; detectors that walk in batches override it.
  func fit(streaming source: any SampleSource, in context: RunContext) throws
    -> Model
}

extension Detector {
  /// - Throws: Also `DetectorFault.exceedsMemoryBudget`, when all samples
  ///   together do.
  public func fit(
    streaming source: any SampleSource, in context: RunContext
  ) throws -> Model {
    let needed = source.rows * source.columns * MemoryLayout<Float>.stride
    guard source is Matrix || needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use smaller images (--size), or raise the memory budget")
    }
    return try fit(source.matrix(), in: context)
  }
}

/// What a detector learned.
public protocol AnomalyModel: Codable, Sendable {
  /// The number of columns that samples must have.
  var featureCount: Int { get }

  /// One score a row; higher is more anomalous.
  ///
  /// - Throws: `DetectorFault` when the number of columns is another one, or a
  ///   value is not finite.
  func scores(for samples: Matrix) throws -> [Float]
}

extension AnomalyModel {
  /// The scores of samples that are read when they are needed, in blocks.
  public func scores(streaming source: any SampleSource) throws -> [Float] {
    if let matrix = source as? Matrix { return try scores(for: matrix) }
    return try Parallel.blocks(source.rows, size: 4096).flatMap {
      try scores(for: source.matrix(ofRows: Array($0)))
    }
  }
}
