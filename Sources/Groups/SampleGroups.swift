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
  /// The main directions of descriptors.
  private let directions: PCAReconstructionModel
  /// The samples that groups were made of, by the main directions.
  private let codes: Matrix
  /// The group of each.
  private let members: [Int]
  /// For every group: how far its samples are from the nearest other one.
  private let reach: [Spread]

  /// The most samples that groups are made of, drawn at random.
  private static let mostSamples = 4000
  private static let mostDirections = 16

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
    directions = try PCAReconstruction(
      nComponents: .count(
        min(Self.mostDirections, drawn.count, source.columns))
    ).fit(descriptors, in: context)
    let codes = try directions.coordinates(of: descriptors, in: context)
    let members = try Self.groups(grouping, of: codes, in: context)
    reach = try (0..<(members.max() ?? 0) + 1).map { group in
      let own = codes.selecting(
        rows: members.indices.filter { members[$0] == group })
      guard own.rows > 1 else { return Spread([0]) }
      return Spread(
        try NeighborSearch(in: own, count: 1)
          .neighborsOfRows(stage: "grouping", in: context.quiet)
          .map { Float($0.distance) })
    }
    self.scales = scales
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
      return try nearest(to: codes, among: clusters.centroids, in: context)
        .map(\.row).renumbered
    case .automatic:
      let clusters = try DensityClusters(
        of: codes, smallest: smallest(of: codes.rows), in: context
      ).labels
      let known = clusters.indices.filter { clusters[$0] != nil }
      guard !known.isEmpty else {
        return [Int](repeating: 0, count: codes.rows)
      }
      return try nearest(
        to: codes, among: codes.selecting(rows: known), in: context
      ).map { clusters[known[$0.row]] ?? 0 }
    }
  }

  private static func nearest(
    to codes: Matrix, among others: Matrix, in context: RunContext
  ) throws -> [Neighbor] {
    try NeighborSearch(in: others, count: 1)
      .neighbors(of: codes, stage: "grouping", in: context)
  }

  /// The fewest samples of a group.
  private static func smallest(of count: Int) -> Int {
    min(20, max(5, count / 20))
  }

  /// The group of every sample that the groups were made of, or might have been
  /// if there had been fewer.
  ///
  /// - Parameter samples: Those of `init`.
  package func ownPlaces(
    of samples: any SampleSource, in context: RunContext
  ) throws -> [Int] {
    try samples.rows == members.count
      ? members : places(of: samples, in: context).map(\.group)
  }

  /// The group of every sample, and how far beyond what is usual in the group
  /// it lies: 0 for one that fits.
  package func places(
    of samples: any SampleSource, in context: RunContext
  ) throws -> [(group: Int, excess: Float)] {
    let source = try PictureDescriptors(of: samples, shape: context.imageShape)
    let search = NeighborSearch(in: codes, count: 1)
    var places: [(group: Int, excess: Float)] = []
    try source.forEachBlock(in: context) { _, block in
      var descriptors = block
      descriptors.scale(by: scales, first: source.gradientCount)
      places += try search.neighbors(
        of: directions.coordinates(of: descriptors, in: context.quiet),
        stage: "grouping", in: context.quiet
      ).map { nearest in
        let group = members[nearest.row]
        return (group, reach[group].excess(of: Float(nearest.distance)))
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
    codes.rows == members.count && codes.columns == directions.componentCount
      && !members.isEmpty && scales.count == 2
      && members.allSatisfy { reach.indices.contains($0) }
      && codes.firstNonFinite() == nil && scales.allSatisfy(\.isFinite)
      && reach.allSatisfy {
        $0.deviation > 0 && $0.deviation.isFinite && $0.farthest.isFinite
      }
  }

  /// Whether these are groups of such samples.
  func takes(featureCount: Int, shape: ImageShape?) -> Bool {
    let nothing = Matrix(rows: 0, columns: featureCount)
    return shape?.count ?? featureCount == featureCount
      && (try? PictureDescriptors(of: nothing, shape: shape))?.columns
        == directions.featureCount
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
}
