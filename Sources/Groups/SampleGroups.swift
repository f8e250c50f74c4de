import Detectors
import Execution
import Files
import LinearAlgebra

/// Groups of alike samples, found without labels, and how others find theirs.
///
/// Samples are described by `PictureDescriptors`, gradients and colours with
/// equal variance, of which the 16 main directions are kept. Where they lie
/// dense there is a group. Every sample belongs to the group of the nearest one
/// that the groups were made of.
public struct SampleGroups: Codable, Sendable {
  /// What descriptors are multiplied by: those of gradients, those of colours.
  @Tensor private var scales: [Float]
  @Tensor private var mean: [Float]
  private let axes: Matrix
  /// The samples that groups were made of, by the main directions.
  private let codes: Matrix
  /// The group of each.
  private let members: [Int]
  /// For every group: how far its samples are from the nearest other one.
  private let reach: [Spread]

  /// The most samples that groups are made of, drawn at random.
  private static let mostSamples = 4000
  private static let directions = 16

  /// The number of groups.
  public var count: Int { reach.count }

  /// - Parameters:
  ///   - grouping: How many groups.
  ///   - samples: One or more.
  ///   - context: With the shape of pictures.
  package init(
    _ grouping: Grouping, of samples: any SampleSource, in context: RunContext
  ) throws {
    var generator = SeededGenerator(seed: context.seed)
    let drawn =
      samples.rows <= Self.mostSamples
      ? Array(0..<samples.rows)
      : Array(
        (0..<samples.rows).shuffled(using: &generator).prefix(Self.mostSamples)
      ).sorted()
    let source = try PictureDescriptors(
      of: SelectedRows(source: samples, indices: drawn),
      shape: context.imageShape)
    var descriptors = try source.allRows(in: context)
    let variances = try descriptors.columnVariances(
      means: descriptors.columnMeans(in: context), in: context)
    let scales = [
      0..<source.gradientCount, source.gradientCount..<source.columns,
    ].map { part in
      let variance = variances[part].reduce(0, +)
      return variance > 0 ? Float(1 / variance.squareRoot()) : 0
    }
    descriptors.scale(by: scales, first: source.gradientCount)
    let components = try PCAReconstruction(
      nComponents: .count(
        min(Self.directions, drawn.count, source.columns))
    ).fit(descriptors, in: context)
    let mean = components.mean.map { Float($0) }
    let codes = descriptors.codes(mean: mean, axes: components.components)
    let members = try Self.groups(grouping, of: codes, in: context)
    reach = try (0..<(members.max() ?? 0) + 1).map { group in
      let own = codes.selecting(
        rows: members.indices.filter { members[$0] == group })
      return Spread(
        try own.nearest(to: own, leavingOutOwn: true, in: context)
          .map(\.distance))
    }
    self.scales = scales
    self.mean = mean
    axes = components.components
    self.codes = codes
    self.members = members
  }

  /// The group of every point.
  private static func groups(
    _ grouping: Grouping, of codes: Matrix, in context: RunContext
  ) throws -> [Int] {
    switch grouping {
    case .off:
      return [Int](repeating: 0, count: codes.rows)
    case .count(let count):
      let clusters = try KMeansDistance(nClusters: count, nInit: 10)
        .fit(codes, in: context)
      return try clusters.centroids.nearest(to: codes, in: context).map(\.place)
        .renumbered
    case .automatic:
      let clusters = try DensityClusters(
        of: codes, smallest: smallest(of: codes.rows), in: context
      ).labels
      let known = clusters.indices.filter { clusters[$0] != nil }
      guard !known.isEmpty else {
        return [Int](repeating: 0, count: codes.rows)
      }
      return try codes.selecting(rows: known).nearest(to: codes, in: context)
        .map { clusters[known[$0.place]] ?? 0 }
    }
  }

  /// The fewest samples of a group.
  private static func smallest(of count: Int) -> Int {
    min(20, max(5, count / 20))
  }

  /// The group of every sample, and how far beyond what is usual in the group
  /// it lies: 0 for one that fits.
  package func places(
    of samples: any SampleSource, in context: RunContext
  ) throws -> [(group: Int, excess: Float)] {
    let source = try PictureDescriptors(of: samples, shape: context.imageShape)
    var places: [(group: Int, excess: Float)] = []
    try source.forEachBlock(in: context) { _, block in
      var descriptors = block
      descriptors.scale(by: scales, first: source.gradientCount)
      places += try codes.nearest(
        to: descriptors.codes(mean: mean, axes: axes), in: context
      ).map { nearest in
        let group = members[nearest.place]
        return (group, reach[group].excess(of: nearest.distance))
      }
    }
    return places
  }
}

extension SampleGroups {
  /// How far samples of a group are from the nearest other one.
  private struct Spread: Codable {
    let farthest: Float
    let deviation: Float

    init(_ distances: [Float]) {
      farthest = distances.max() ?? 0
      deviation = RobustScale(distances).deviation
    }

    /// In deviations beyond twice the farthest.
    func excess(of distance: Float) -> Float {
      max(0, (distance - 2 * farthest) / deviation)
    }
  }

  /// Whether the arrays fit together.
  var isWhole: Bool {
    codes.rows == members.count && codes.columns == axes.rows
      && axes.columns == mean.count && !members.isEmpty && scales.count == 2
      && members.allSatisfy { reach.indices.contains($0) }
      && codes.firstNonFinite() == nil && axes.firstNonFinite() == nil
      && (scales + mean).allSatisfy(\.isFinite)
      && reach.allSatisfy {
        $0.deviation > 0 && $0.deviation.isFinite && $0.farthest.isFinite
      }
  }

  /// Whether these are groups of such samples.
  func takes(featureCount: Int, shape: ImageShape?) -> Bool {
    let nothing = Matrix(rows: 0, columns: featureCount)
    return shape?.count ?? featureCount == featureCount
      && (try? PictureDescriptors(of: nothing, shape: shape))?.columns
        == mean.count
  }
}

/// The middle of some numbers, and how far they lie about it.
struct RobustScale: Codable {
  let median: Float
  /// 1.4826 times the median distance to the median, the deviation of normally
  /// distributed numbers; a little above zero where that is zero.
  let deviation: Float

  /// - Precondition: Not empty.
  init(_ values: [Float]) {
    func middle(_ values: [Float]) -> Float {
      let sorted = values.sorted()
      let half = sorted.count / 2
      return sorted.count.isMultiple(of: 2)
        ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
    }
    let median = middle(values)
    let distances = values.map { abs($0 - median) }
    let spread = 1.4826 * middle(distances)
    self.median = median
    deviation = max(
      spread > 0 ? spread : (distances.max() ?? 0),
      abs(median) * 1e-6, .leastNormalMagnitude)
  }

  func distance(_ value: Float) -> Float { (value - median) / deviation }

  var isWhole: Bool { median.isFinite && deviation > 0 && deviation.isFinite }
}

extension [Int] {
  /// The same groups, counted from 0 in the order of their first members.
  fileprivate var renumbered: [Int] {
    var numbers: [Int: Int] = [:]
    return map { group in
      let number = numbers[group] ?? numbers.count
      numbers[group] = number
      return number
    }
  }
}

extension Matrix {
  /// Multiplies the first columns of every row by one number, the others by
  /// another.
  fileprivate mutating func scale(by scales: [Float], first: Int) {
    for row in 0..<rows {
      for column in 0..<columns {
        values[row * columns + column] *= scales[column < first ? 0 : 1]
      }
    }
  }

  /// The rows along some directions.
  fileprivate func codes(mean: [Float], axes: Matrix) -> Matrix {
    Matrix(
      rows: rows, columns: axes.rows,
      values: Parallel.map(rows) { row in
        let values = self.row(row)
        return (0..<axes.rows).map { axis in
          zip(zip(values, mean), axes.row(axis)).reduce(0) {
            $0 + ($1.0.0 - $1.0.1) * $1.1
          }
        }
      }.flatMap { $0 })
  }

  /// The nearest of these rows to each of some others, and its distance.
  ///
  /// - Parameter leavingOutOwn: Whether the others are these rows, and none is
  ///   near itself.
  fileprivate func nearest(
    to others: Matrix, leavingOutOwn: Bool = false, in context: RunContext
  ) throws -> [(place: Int, distance: Float)] {
    try context.cancellation.check()
    return Parallel.map(others.rows) { other in
      var nearest = (place: 0, distance: Float.infinity)
      let values = Array(others.row(other))
      for place in 0..<rows where !leavingOutOwn || place != other {
        var sum: Float = 0
        for column in 0..<columns {
          let difference =
            self.values[place * columns + column] - values[column]
          sum += difference * difference
        }
        if sum < nearest.distance { nearest = (place, sum) }
      }
      return (
        nearest.place,
        nearest.distance.isFinite ? nearest.distance.squareRoot() : 0
      )
    }
  }
}
