import Execution
import LinearAlgebra

/// The leading right singular vectors of centred samples X = U S Vᵀ.
struct PrincipalAxes {
  /// The singular values of the axes, falling.
  let singularValues: [Double]
  /// The axes, one a row.
  let vectors: [Double]
  /// Whether no direction with variance is left out.
  let isComplete: Bool
  /// The sum of the squares of all singular values.
  let squaresTotal: Double

  /// The largest rows x columns x min(rows, columns) for which the singular
  /// value decomposition of the samples themselves takes under about 0.1 s.
  private static let directLimit = 1 << 26

  /// Whether samples are few enough to be decomposed themselves.
  static func decomposesSamples(rows: Int, columns: Int) -> Bool {
    rows * columns * min(rows, columns) <= directLimit
  }

  init(
    of centered: CenteredSamples, keeping count: ComponentCount,
    in context: RunContext
  ) throws {
    let (rows, columns) = (centered.samples.rows, centered.samples.columns)
    if Self.decomposesSamples(rows: rows, columns: columns) {
      try self.init(decomposing: centered, keeping: count)
    } else {
      try self.init(
        byGramMatrixOfThe: columns <= rows ? .columns : .rows,
        of: centered, keeping: count, in: context)
    }
  }

  /// By the singular value decomposition of the samples themselves.
  init(
    decomposing centered: CenteredSamples, keeping count: ComponentCount
  ) throws {
    let (rows, columns) = (centered.samples.rows, centered.samples.columns)
    let elements = [Double](unsafeUninitializedCapacity: rows * columns) {
      buffer, initialized in
      if let target = buffer.baseAddress {
        centered.copy(rows: 0..<rows, columns: 0..<columns, to: target)
      }
      initialized = rows * columns
    }
    let decomposition = try SingularValueDecomposition(
      elements, rows: rows, columns: columns)
    let squares = decomposition.values.map { $0 * $0 }
    // What rounding leaves of a singular value that is zero.
    let floor = Self.rounding(rows, columns) * (decomposition.values.first ?? 0)
    let rank = decomposition.values.prefix { $0 > floor }.count
    let kept = count.resolved(forVariances: Array(squares.prefix(rank)))
    self.init(
      singularValues: Array(decomposition.values.prefix(kept)),
      vectors: Array(decomposition.rightVectors.prefix(kept * columns)),
      isComplete: kept == rank,
      squaresTotal: squares.reduce(0, +))
  }

  /// By the eigenvectors of XᵀX or, for fewer samples than features, of XXᵀ,
  /// in double precision; see `GramMatrix` for why that is safe.
  init(
    byGramMatrixOfThe side: GramMatrix.Side, of centered: CenteredSamples,
    keeping count: ComponentCount, in context: RunContext
  ) throws {
    try self.init(
      byGramMatrix: GramMatrix(ofThe: side, of: centered, in: context),
      ofRowsOf: side == .rows ? centered : nil, keeping: count, in: context)
  }

  /// By the eigenvectors of a Gram matrix, that of the columns unless samples
  /// are given whose rows it is of.
  init(
    byGramMatrix gram: GramMatrix, ofRowsOf centered: CenteredSamples? = nil,
    keeping count: ComponentCount, in context: RunContext
  ) throws {
    let eigen = try SymmetricEigenDecomposition(gram.values, size: gram.size)
    let floor = Self.rounding(gram.size, gram.size) * (eigen.values.first ?? 0)
    let variances = Array(eigen.values.prefix { $0 > floor })
    let kept = count.resolved(forVariances: variances)
    try context.cancellation.check()
    var vectors = try eigen.leadingVectors(kept)
    if let centered {
      vectors = centered.combined(by: vectors, count: kept)
      try QRDecomposition.orthonormalizeRows(
        of: &vectors, rows: kept, columns: centered.samples.columns)
    }
    self.init(
      singularValues: variances.prefix(kept).map { $0.squareRoot() },
      vectors: vectors, isComplete: kept == variances.count,
      squaresTotal: eigen.values.reduce(0) { $0 + max($1, 0) }
    )
  }

  private init(
    singularValues: [Double], vectors: [Double], isComplete: Bool,
    squaresTotal: Double
  ) {
    self.isComplete = isComplete
    self.singularValues = singularValues
    self.vectors = Self.oriented(vectors, count: singularValues.count)
    self.squaresTotal = squaresTotal
  }

  /// The axes with the signs that make the largest loading of each positive,
  /// as scikit-learn has them.
  private static func oriented(_ vectors: [Double], count: Int) -> [Double] {
    guard count > 0 else { return [] }
    let columns = vectors.count / count
    return Parallel.blocks(vectors.count, size: columns).flatMap { axis in
      let largest = vectors[axis].max { abs($0) < abs($1) } ?? 0
      return largest < 0 ? vectors[axis].map { -$0 } : Array(vectors[axis])
    }
  }

  private static func rounding(_ rows: Int, _ columns: Int) -> Double {
    Double(max(rows, columns)) * Double.ulpOfOne
  }
}

extension CenteredSamples {
  /// W · X for W count x rows: weighted sums of the samples.
  fileprivate func combined(by weights: [Double], count: Int) -> [Double] {
    let width = 256
    let strips = Parallel.blocks(samples.columns, size: width)
    let steps = Parallel.blocks(samples.rows, size: width)
    var sums = [Double](repeating: 0, count: count * samples.columns)
    sums.withUnsafeMutableBufferPointer { sums in
      weights.withUnsafeBufferPointer { weights in
        guard let target = sums.baseAddress, let weights = weights.baseAddress
        else { return }
        Parallel.forEach(strips.count) { index in
          let strip = strips[index]
          withUnsafeTemporaryAllocation(
            of: Double.self, capacity: width * width
          ) { scratch in
            guard let block = scratch.baseAddress else { return }
            for step in steps {
              copy(rows: step, columns: strip, to: block)
              BLAS.multiply(
                m: count, n: strip.count, k: step.count,
                weights + step.lowerBound, stride: samples.rows, .plain,
                block, stride: strip.count,
                beta: 1, into: target + strip.lowerBound,
                stride: samples.columns)
            }
          }
        }
      }
    }
    return sums
  }
}
