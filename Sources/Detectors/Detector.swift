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

  /// Whether a fit shares its work among the processes of a run, each of which
  /// walks its own rows; those that do not are refused where there are several.
  var isShared: Bool { get }

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

  /// False unless a detector tells otherwise.
  public var isShared: Bool { false }

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
    guard isShared || context.team.isAlone else {
      throw DetectorFault.notShared
    }
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

  /// The rows that this process walks in memory, checked to be finite, where
  /// they fit into the memory budget.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget`, `.nonFiniteValue`.
  func ownRowsInMemory(in context: RunContext) throws -> any SampleSource {
    if context.team.isAlone { return try matrix(in: context) }
    let own = try ownRows(in: context)
    if let (row, column) = (own as? HeldRows)?.firstNonFinite() {
      throw DetectorFault.nonFiniteValue(row: row, column: column)
    }
    return own
  }

  /// The processes that share the walk over these rows; a matrix is there as a
  /// whole in each of them, which walks it alone.
  func team(of context: RunContext) -> Team {
    self is Matrix ? .alone : context.team
  }

  /// Hands over all rows, some at a time and within a quarter of the memory
  /// budget, checked to be finite.
  func forEachFiniteBlock(
    stage: String, in context: RunContext, _ body: (Matrix) throws -> Void
  ) throws {
    if let matrix = self as? Matrix { return try body(matrix) }
    try forEachFiniteBlock(from: 0..<rows, stage: stage, in: context, body)
  }

  /// The same of some rows.
  ///
  /// - Parameter most: Rows that are handed over at a time.
  func forEachFiniteBlock(
    from rows: Range<Int>, most: Int = 1 << 16, stage: String,
    in context: RunContext, _ body: (Matrix) throws -> Void
  ) throws {
    let share = context.memoryBudget / 4 / MemoryLayout<Float>.stride
    var size = most
    while size > 16, size * columns > min(1 << 24, share) { size /= 2 }
    for block in Parallel.blocks(rows, size: size) {
      try context.cancellation.check()
      try body(finite(rows: Array(block)))
      context.progress.report(
        ProgressReport(
          stage: stage, completed: block.upperBound, total: rows.upperBound))
    }
  }

  /// A sum over blocks of rows that are checked to be finite, in all processes
  /// of the run.
  ///
  /// - Parameters:
  ///   - length: The numbers that every block adds to.
  ///   - blockSize: The rows of a block.
  ///   - add: Is told rows of a matrix, a whole block or, where the memory budget
  ///     holds none, a part of one.
  func finiteSum(
    length: Int, blockSize: Int, stage: String, in context: RunContext,
    add: (Matrix, Range<Int>, UnsafeMutableBufferPointer<Double>) -> Void
  ) throws -> [Double] {
    let team = team(of: context)
    let blocks = Parallel.blocks(rows, size: blockSize)
    let own = team.share(of: blocks.count)
    var sum = BlockSum<Double>(length: length, share: own, in: team)
    if let matrix = self as? Matrix {
      sum.append(blocks: Array(own)) { add(matrix, blocks[$0], $1) }
      return sum.total()
    }
    let share = context.memoryBudget / 4 / MemoryLayout<Float>.stride
    let fitting = min(1 << 16, min(1 << 24, share) / columns) / blockSize
    guard fitting == 0 else {
      for wave in Parallel.blocks(own, size: fitting) {
        try context.cancellation.check()
        let first = blocks[wave.lowerBound].lowerBound
        let end = blocks[wave.upperBound - 1].upperBound
        let rows = try finite(rows: Array(first..<end))
        sum.append(blocks: Array(wave)) { place, sums in
          let block = blocks[wave.lowerBound + place]
          add(rows, block.lowerBound - first..<block.upperBound - first, sums)
        }
        context.progress.report(
          ProgressReport(stage: stage, completed: end, total: self.rows))
      }
      return sum.total()
    }
    for number in own {
      var part = [Double](repeating: 0, count: length)
      try forEachFiniteBlock(
        from: blocks[number], most: blockSize, stage: stage, in: context
      ) { rows in
        part.withUnsafeMutableBufferPointer { add(rows, 0..<rows.rows, $0) }
      }
      sum.append(part, block: number)
    }
    return sum.total()
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
      // Of at most 256 MiB where 16 fit.
      let blocks = samples.blocks(ofAtMost: 4096, numbers: 1 << 26)
      let own = blocks[context.team.share(of: blocks.count)]
      var scores: [Float] = []
      scores.reserveCapacity(own.reduce(0) { $0 + $1.count })
      for block in own {
        try context.cancellation.check()
        scores += try finiteScores(
          of: samples.finite(rows: Array(block)), in: context.quiet)
        context.progress.report(
          ProgressReport(
            stage: "scoring", completed: block.upperBound,
            total: own.last?.upperBound ?? 0))
      }
      return context.team.gathered(scores)
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
