/// How well heat maps tell the pixels of defects from all others.
///
///     var evaluation = PixelEvaluation()
///     for (map, mask) in zip(maps, masks) { evaluation.add(map, mask: mask) }
///     print(evaluation.auroc ?? 0, evaluation.aupro() ?? 0)
///
/// Keeps counts for 2^20 bins of scores, 24 MB, whatever the number of
/// pictures. A bin holds the scores whose first 20 bits agree, which no range
/// needs to be known for: 2,048 bins between a number and its double, so that
/// figures differ from those of sorted pixels by less than 1e-5 for as many
/// pixels as a picture has. All counts are integers: in whatever order pictures
/// are added and parts are joined, the figures are the same bits.
public struct PixelEvaluation: Hashable, Sendable {
  private static let binBits = 20
  /// What the pixels of a region weigh together.
  private static let regionWeight = 0x1p40

  /// Pixels outside of defects in every bin.
  private var negatives = [UInt64](repeating: 0, count: 1 << binBits)
  /// Pixels of defects in every bin.
  private var positives = [UInt64](repeating: 0, count: 1 << binBits)
  /// The same, with each region of one weight; fixed-point numbers.
  private var regions = [UInt64](repeating: 0, count: 1 << binBits)

  /// Of no pictures yet.
  public init() {}

  /// Counts the pixels of a picture.
  ///
  /// - Parameters:
  ///   - map: A finite score for every pixel, row by row; higher is stranger.
  ///   - mask: Where the defect is; nil for a picture without one.
  /// - Precondition: The mask has as many pixels as the map.
  public mutating func add(_ map: [Float], mask: DefectMask? = nil) {
    precondition(
      mask.map { $0.pixelCount == map.count } ?? true,
      "a mask has the size of its map")
    var next = 0
    for run in mask?.runs ?? [] {
      let start = Int(run.start)
      for pixel in next..<start { negatives[Self.bin(map[pixel])] &+= 1 }
      next = start + Int(run.count)
      let weight = UInt64((Self.regionWeight / Double(run.area)).rounded())
      for pixel in start..<next {
        let bin = Self.bin(map[pixel])
        positives[bin] &+= 1
        regions[bin] &+= weight
      }
    }
    for pixel in next..<map.count { negatives[Self.bin(map[pixel])] &+= 1 }
  }

  /// Counts the pictures of another evaluation too.
  public mutating func merge(_ other: PixelEvaluation) {
    for bin in negatives.indices {
      negatives[bin] += other.negatives[bin]
      positives[bin] += other.positives[bin]
      regions[bin] += other.regions[bin]
    }
  }

  /// The first bits of a number that is ordered as the scores are.
  private static func bin(_ score: Float) -> Int {
    // The sum makes one zero of two.
    let bits = (score + 0).bitPattern
    let isNegative = bits >> 31 == 1
    return Int((isNegative ? ~bits : bits | 1 << 31) >> (32 - UInt32(binBits)))
  }

  /// The area under the ROC curve of all pixels of all pictures; a tie counts
  /// one half.
  ///
  /// - Returns: Nil without a pixel of a defect, or without any other.
  public var auroc: Double? {
    let (defective, other) = (Self.sum(positives), Self.sum(negatives))
    guard defective > 0, other > 0 else { return nil }
    var (pairs, lower) = (0.0, 0.0)
    for bin in negatives.indices where negatives[bin] + positives[bin] > 0 {
      let tied = Double(negatives[bin])
      pairs += Double(positives[bin]) * (lower + tied / 2)
      lower += tied
    }
    return pairs / (defective * other)
  }

  /// The area under the curve of the mean share of each region that a threshold
  /// finds, against the share of other pixels that it takes, up to a limit;
  /// divided by the limit, so that 1 is perfect.
  ///
  /// Bergmann and others, "The MVTec anomaly detection dataset", IJCV 129
  /// (2021). The curve is linear between thresholds.
  ///
  /// - Parameter limit: The most false positives, as a share of the pixels
  ///   outside of defects.
  /// - Precondition: 0 < `limit` <= 1.
  /// - Returns: As `auroc`.
  public func aupro(falsePositiveLimit limit: Double = 0.3) -> Double? {
    precondition(limit > 0 && limit <= 1, "not a share of pixels")
    let (weight, other) = (Self.sum(regions), Self.sum(negatives))
    guard weight > 0, other > 0 else { return nil }
    var (area, found, taken) = (0.0, 0.0, 0.0)
    for bin in negatives.indices.reversed()
    where negatives[bin] + positives[bin] > 0 {
      let rise = Double(regions[bin]) / weight
      let run = Double(negatives[bin]) / other
      if taken + run >= limit {
        let rest = limit - taken
        let end = found + (run > 0 ? rise * rest / run : rise)
        return (area + rest * (found + end) / 2) / limit
      }
      area += run * (found + rise / 2)
      found += rise
      taken += run
    }
    // Rounding kept the sum below a limit of all pixels.
    return area / limit
  }

  private static func sum(_ counts: [UInt64]) -> Double {
    Double(counts.reduce(0, +))
  }
}
