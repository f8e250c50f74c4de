import Execution
import Foundation
import LinearAlgebra

/// Expectation and maximisation for some samples.
struct MixtureFit {
  /// One normal distribution.
  struct Component {
    var weight: Double
    var mean: [Double]
    var whitening: Whitening

    /// log(weight) and the logarithm of the density at the mean.
    var logarithm: Double {
      log(weight)
        - 0.5 * (Double(mean.count) * log(2 * .pi) + whitening.logDeterminant)
    }

    var distance: WhitenedDistance {
      WhitenedDistance(mean: mean, whitening: whitening.values)
    }
  }

  private let samples: Matrix
  private let context: RunContext
  /// What is added to every variance.
  private let ridge: Double

  /// The part of the mean variance that is added, as scikit-learn's
  /// `reg_covar` of scaled features.
  private static let ridgeShare = 1e-6
  private static let mostSteps = 200
  /// Of the mean logarithm of the density, from step to step.
  private static let tolerance = 1e-6
  private static let blockRows = 1024

  init(_ samples: Matrix, in context: RunContext) throws {
    self.samples = samples
    var quiet = context
    quiet.progress = SilentProgress()
    self.context = quiet
    let variances = try samples.columnVariances(
      means: samples.columnMeans(), in: quiet)
    let mean = variances.reduce(0, +) / Double(variances.count)
    ridge = mean > 0 ? Self.ridgeShare * mean : 1
  }

  /// So many distributions, and the logarithm of the likelihood of all samples;
  /// nil where one has too few of them.
  ///
  /// - Throws: `CancellationError`, what k-means throws.
  func components(
    _ count: Int
  ) throws -> (components: [Component], logLikelihood: Double)? {
    guard
      var current = try maximized(count: count, start(count))
    else { return nil }
    var last = -Double.infinity
    for _ in 0..<Self.mostSteps {
      try context.cancellation.check()
      let (shares, logLikelihood) = try expected(current)
      if logLikelihood - last < Self.tolerance * Double(samples.rows) {
        return (current, logLikelihood)
      }
      last = logLikelihood
      guard let next = try maximized(count: count, shares) else { return nil }
      current = next
    }
    return (current, last)
  }

  /// Each sample belongs to its cluster alone: samples x components.
  private func start(_ count: Int) throws -> [Double] {
    var shares = [Double](repeating: 0, count: samples.rows * count)
    guard count > 1 else { return shares.map { _ in 1 } }
    let clusters = try KMeansDistance(nClusters: count, nInit: 1)
      .fit(samples, in: context)
    let nearest = NearestRows(of: clusters.centroids, to: samples)
    let places: [Int32] = try context.fill(
      samples.rows, blockSize: 64, stage: "clusters"
    ) { rows, places in
      _ = places.initialize(from: try nearest.rows(nearestTo: rows))
    }
    for (row, place) in places.enumerated() {
      shares[row * count + Int(place)] = 1
    }
    return shares
  }

  /// The share of every component in every sample.
  private func expected(
    _ components: [Component]
  ) throws -> (shares: [Double], logLikelihood: Double) {
    let count = components.count
    var shares = [Double](repeating: 0, count: samples.rows * count)
    for (place, component) in components.enumerated() {
      let squares = try component.distance.squares(of: samples, in: context)
      let logarithm = component.logarithm
      for row in 0..<samples.rows {
        shares[row * count + place] = logarithm - 0.5 * squares[row]
      }
    }
    var total = 0.0
    for row in 0..<samples.rows {
      let range = row * count..<(row + 1) * count
      let sum = logarithmOfSum(shares[range])
      total += sum
      for place in range { shares[place] = exp(shares[place] - sum) }
    }
    return (shares, total)
  }

  private func maximized(
    count: Int, _ shares: [Double]
  ) throws -> [Component]? {
    let columns = samples.columns
    var found: [Component] = []
    for place in 0..<count {
      let sums: [Double] = sum(length: columns + 1) { row, sums in
        let share = shares[row * count + place]
        sums[columns] += share
        for column in 0..<columns {
          sums[column] += share * Double(samples[row, column])
        }
      }
      let weight = sums[columns]
      guard weight > 1 || count == 1 else { return nil }
      let mean = sums.dropLast().map { $0 / weight }
      var covariance = products(mean: mean) { shares[$0 * count + place] }
        .map { $0 / weight }
      for diagonal in stride(from: 0, to: covariance.count, by: columns + 1) {
        covariance[diagonal] += ridge
      }
      guard let whitening = Whitening(covariance, size: columns) else {
        return nil
      }
      found.append(
        Component(
          weight: weight / Double(samples.rows), mean: mean,
          whitening: whitening))
    }
    return found
  }

  private func sum(
    length: Int, add: (Int, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    Parallel.orderedSum(
      samples.rows, blockSize: Self.blockRows, length: length
    ) { rows, sums in
      guard let sums = sums.baseAddress else { return }
      for row in rows { add(row, sums) }
    }
  }

  /// The weighted products of features less their mean, above the diagonal.
  private func products(
    mean: [Double], weight: (Int) -> Double
  ) -> [Double] {
    let columns = samples.columns
    let centered = CenteredSamples(samples, mean: mean)
    return Parallel.orderedSum(
      samples.rows, blockSize: Self.blockRows, length: columns * columns
    ) { rows, sums in
      guard let sums = sums.baseAddress else { return }
      withUnsafeTemporaryAllocation(
        of: Double.self, capacity: rows.count * columns
      ) { scratch in
        guard let vectors = scratch.baseAddress else { return }
        centered.copy(rows: rows, columns: 0..<columns, to: vectors)
        for (place, row) in rows.enumerated() {
          let root = weight(row).squareRoot()
          for index in place * columns..<(place + 1) * columns {
            vectors[index] *= root
          }
        }
        BLAS.multiplyByOwnTranspose(
          m: columns, k: rows.count, vectors, stride: columns, .transposed,
          beta: 1, into: sums, stride: columns)
      }
    }
  }
}

/// log Σ exp(x), whatever the size of x.
func logarithmOfSum(_ values: ArraySlice<Double>) -> Double {
  let largest = values.max() ?? 0
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}
