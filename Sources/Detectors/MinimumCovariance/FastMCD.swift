import Diagnostics
import Execution
import LinearAlgebra
import Synchronization

/// The search for the samples of a given number whose covariance has the least
/// determinant.
///
/// Mahalanobis distances by the mean and covariance of some samples choose the
/// closest ones, whose covariance has no larger determinant (a C-step). Many
/// starts take two such steps; the best go on until nothing changes. Of many
/// samples, starts see subsets first. Features are brought to mean 0 and
/// deviation 1 beforehand, which changes nothing but what is added to the
/// diagonal.
struct FastMCD {
  /// Mean and covariance of some samples.
  struct Estimate {
    var mean: [Double]
    var covariance: [Double]
    var whitening: Whitening
    /// The samples.
    var support: [Int]
  }

  /// The best starts that are gone on with.
  static let keptCount = 10
  /// The subsets of many samples.
  static let subsetCount = 5

  let samples: Matrix
  let context: RunContext
  let means: [Double]
  /// 1 for a constant feature.
  let deviations: [Double]
  /// How many samples are sought: (n + d + 1)/2, rounded up, where there are
  /// so many.
  let supportCount: Int

  init(_ samples: Matrix, in context: RunContext) throws {
    self.samples = samples
    self.context = context
    let means = samples.columnMeans()
    self.means = means
    deviations = try samples.columnVariances(means: means, in: context)
      .enumerated().map { column, variance in
        variance > 1e-14 * means[column] * means[column]
          ? variance.squareRoot() : 1
      }
    supportCount = min(samples.rows, (samples.rows + samples.columns + 2) / 2)
  }

  /// The best that is found with something added to the diagonal of every
  /// covariance; nil where a covariance has no inverse.
  ///
  /// Each candidate goes on until nothing changes; of many numbers one step
  /// chooses the one that does.
  ///
  /// - Throws: `CancellationError`.
  func best(of candidates: [Estimate], ridge: Double) throws -> Estimate? {
    guard samples.rows * samples.columns > Self.mostForAll else {
      return try least(of: candidates) { try converged(from: $0, ridge: ridge) }
    }
    let rows = Array(0..<samples.rows)
    let first = try least(of: candidates) {
      try context.cancellation.check()
      return step(from: $0, among: rows, ridge: ridge)
    }
    return try first.flatMap { try converged(from: $0, ridge: ridge) }
  }

  /// Estimates that are worth going on with.
  ///
  /// - Parameter ridge: What is to be added to the diagonal; starts have a little
  ///   there in any case.
  /// - Throws: `CancellationError`.
  func candidates(starts: Int, ridge: Double) throws -> [Estimate] {
    let ridge = max(ridge, Self.startRidge)
    let all = Array(0..<samples.rows)
    guard supportCount < samples.rows else {
      return estimate(of: all, ridge: ridge).map { [$0] } ?? []
    }
    let subsetSize = max(300, 5 * samples.columns)
    guard samples.rows > Self.subsetCount * subsetSize else {
      return try kept(starts: starts, stream: 0, among: all, ridge: ridge)
    }
    var generator = SeededGenerator(seed: context.seed, stream: .max)
    let drawn = generator.sample(
      Self.subsetCount * subsetSize, below: samples.rows)
    let found = try Parallel.blocks(drawn.count, size: subsetSize).enumerated()
      .flatMap { index, part in
        try kept(
          starts: max(Self.keptCount, starts / Self.subsetCount),
          stream: index + 1, among: Array(drawn[part]), ridge: ridge)
      }
    return try Parallel.map(found.count) { index in
      try context.cancellation.check()
      return steps(2, from: found[index], among: drawn, ridge: ridge)
    }.best(Self.keptCount)
  }

  /// The squared distances of some samples.
  func distances(of rows: [Int], by estimate: Estimate) -> [Double] {
    let columns = samples.columns
    return Parallel.fill(rows.count, blockSize: Self.blockRows) {
      block, distances in
      withUnsafeTemporaryAllocation(
        of: Double.self, capacity: 2 * block.count * columns
      ) { scratch in
        guard let vectors = scratch.baseAddress else { return }
        let whitened = vectors + block.count * columns
        copy(rows[block], less: estimate.mean, to: vectors)
        BLAS.multiply(
          m: block.count, n: columns, k: columns,
          vectors, stride: columns, .plain,
          estimate.whitening.values, stride: columns,
          into: whitened, stride: columns)
        for place in 0..<block.count {
          var square = 0.0
          for index in place * columns..<(place + 1) * columns {
            square += whitened[index] * whitened[index]
          }
          distances.initializeElement(at: place, to: square)
        }
      }
    }
  }

  /// Mean and covariance of some samples; nil where it has no inverse, or as good
  /// as none beside the variance of all samples.
  func estimate(of support: [Int], ridge: Double) -> Estimate? {
    let columns = samples.columns
    let sums: [Double] = sum(over: support, length: columns) {
      vectors, count, sums in
      for place in 0..<count {
        for column in 0..<columns {
          sums[column] += vectors[place * columns + column]
        }
      }
    }
    let mean = sums.map { $0 / Double(support.count) }
    var covariance = sum(
      over: support, less: mean, length: columns * columns
    ) { vectors, count, sums in
      BLAS.multiplyByOwnTranspose(
        m: columns, k: count, vectors, stride: columns, .transposed,
        beta: 1, into: sums, stride: columns)
    }.map { $0 / Double(support.count) }
    for place in stride(from: 0, to: covariance.count, by: columns + 1) {
      covariance[place] += ridge
    }
    guard let whitening = Whitening(covariance, size: columns),
      stride(from: 0, to: covariance.count, by: columns + 1).allSatisfy({
        // The root of the variance that is left of a feature, inverted.
        whitening.values[$0] * whitening.values[$0] < 1 / Self.leastVariance
      })
    else { return nil }
    return Estimate(
      mean: mean, covariance: covariance, whitening: whitening,
      support: support)
  }

  // MARK: Mechanism

  /// The numbers of samples up to which all candidates go on.
  private static let mostForAll = 1_000_000

  /// The least determinant that a search from the candidates gives; nil where
  /// one of them gives none.
  private func least(
    of candidates: [Estimate], _ search: (Estimate) throws -> Estimate?
  ) rethrows -> Estimate? {
    var least: Estimate?
    for candidate in candidates {
      guard let found = try search(candidate) else { return nil }
      if least.map({
        found.whitening.logDeterminant < $0.whitening.logDeterminant
      }) ?? true {
        least = found
      }
    }
    return least
  }

  /// What starts have on the diagonal, so that samples with few values, of
  /// which d + 1 often lie in a plane, give one too.
  private static let startRidge = 1e-6
  private static let blockRows = 256
  /// What must be left of the variance of a feature once others are known, in
  /// parts of that of all samples: a feature in which half of the samples are
  /// alike has none.
  private static let leastVariance = 1e-8
  /// Steps until a search is given up; ten are usual.
  private static let mostSteps = 200

  private func kept(
    starts: Int, stream: Int, among rows: [Int], ridge: Double
  ) throws -> [Estimate] {
    let finished = Atomic<Int>(0)
    return try Parallel.map(starts) { start in
      try context.cancellation.check()
      var generator = SeededGenerator(
        seed: context.seed, stream: UInt64(stream << 32 + start))
      let drawn = generator.sample(
        min(samples.columns + 1, rows.count), below: rows.count)
      let found = estimate(of: drawn.map { rows[$0] }, ridge: ridge)
        .map { steps(2, from: $0, among: rows, ridge: ridge) }
      context.progress.report(
        ProgressReport(
          stage: "starts",
          completed: finished.add(1, ordering: .relaxed).newValue,
          total: starts))
      return found
    }.compactMap(\.self).best(Self.keptCount)
  }

  private func steps(
    _ count: Int, from estimate: Estimate, among rows: [Int], ridge: Double
  ) -> Estimate {
    (0..<count).reduce(estimate) { current, _ in
      step(from: current, among: rows, ridge: ridge) ?? current
    }
  }

  private func step(
    from estimate: Estimate, among rows: [Int], ridge: Double
  ) -> Estimate? {
    let count = (rows.count * supportCount + samples.rows - 1) / samples.rows
    let nearest = smallest(count, of: distances(of: rows, by: estimate))
    return self.estimate(of: nearest.map { rows[$0] }, ridge: ridge)
  }

  private func converged(
    from candidate: Estimate, ridge: Double
  ) throws -> Estimate? {
    let rows = Array(0..<samples.rows)
    var best = candidate
    for step in 0..<Self.mostSteps {
      try context.cancellation.check()
      guard let next = self.step(from: best, among: rows, ridge: ridge) else {
        return nil
      }
      let isDone = step > 0 && next.support == best.support
      best = next
      if isDone { break }
    }
    return best
  }

  private func sum(
    over rows: [Int], less mean: [Double]? = nil, length: Int,
    add: (
      UnsafeMutablePointer<Double>, Int, UnsafeMutablePointer<Double>
    ) -> Void
  ) -> [Double] {
    let columns = samples.columns
    let mean = mean ?? [Double](repeating: 0, count: columns)
    return Parallel.orderedSum(
      rows.count, blockSize: 16 * Self.blockRows, length: length
    ) { part, sums in
      guard let sums = sums.baseAddress else { return }
      withUnsafeTemporaryAllocation(
        of: Double.self, capacity: Self.blockRows * columns
      ) { scratch in
        guard let vectors = scratch.baseAddress else { return }
        for block in Parallel.blocks(part.count, size: Self.blockRows) {
          let start = part.lowerBound
          copy(
            rows[start + block.lowerBound..<start + block.upperBound],
            less: mean, to: vectors)
          add(vectors, block.count, sums)
        }
      }
    }
  }

  /// Writes some samples, brought to mean 0 and deviation 1, less a mean.
  private func copy(
    _ rows: ArraySlice<Int>, less mean: [Double],
    to target: UnsafeMutablePointer<Double>
  ) {
    let columns = samples.columns
    samples.values.withUnsafeBufferPointer { values in
      guard var source = values.baseAddress else { return }
      let first = source
      for (place, row) in rows.enumerated() {
        source = first + row * columns
        let line = target + place * columns
        for column in 0..<columns {
          line[column] =
            (Double(source[column]) - means[column]) / deviations[column]
            - mean[column]
        }
      }
    }
  }
}

extension [FastMCD.Estimate] {
  /// Those of the least determinants, the least first; the earlier of equals.
  fileprivate func best(_ count: Int) -> [FastMCD.Estimate] {
    let order = indices.sorted {
      let (first, second) = (
        self[$0].whitening.logDeterminant, self[$1].whitening.logDeterminant
      )
      return first == second ? $0 < $1 : first < second
    }
    return order.prefix(count).map { self[$0] }
  }
}

/// The places of the smallest values, rising; of equal values the first.
func smallest(_ count: Int, of values: [Double]) -> [Int] {
  var rest = values
  var (lower, upper) = (0, rest.count - 1)
  // Hoare's selection: afterwards the value at `count - 1` is where it would be
  // if all were sorted.
  while lower < upper {
    let pivot = rest[(lower + upper) / 2]
    var (left, right) = (lower, upper)
    while left <= right {
      while rest[left] < pivot { left += 1 }
      while pivot < rest[right] { right -= 1 }
      if left <= right {
        rest.swapAt(left, right)
        left += 1
        right -= 1
      }
    }
    if count - 1 <= right {
      upper = right
    } else if count - 1 >= left {
      lower = left
    } else {
      break
    }
  }
  let limit = rest[count - 1]
  var equals = count - values.count { $0 < limit }
  return values.indices.filter { place in
    guard values[place] == limit else { return values[place] < limit }
    equals -= 1
    return equals >= 0
  }
}
