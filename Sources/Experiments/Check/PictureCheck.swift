import Datasets
import Detectors
import Evaluation
import Execution
import Images
import LinearAlgebra

/// New pictures, and what good ones teach of them: which are strange, and
/// where.
public struct PictureCheck: Sendable {
  /// What was found out about a picture.
  public struct Verdict: Sendable {
    /// The place among the new pictures.
    public let place: Int
    /// Of the picture.
    public let size: PixelSize
    /// Higher is stranger.
    public let score: Float
    /// Whether the score is above the threshold of pictures.
    public let isStrange: Bool
    /// Where the map lies above the threshold of pixels, in pixels of the
    /// picture; an ordinary picture may have some, a strange one none.
    public let regions: [DefectRegion]
  }

  /// A picture with its verdict and what shows it, of one size.
  public struct Exhibit: Sendable {
    /// What was found out about it.
    public let verdict: Verdict
    /// The picture.
    public private(set) var picture: RasterImage
    /// How strange it is where.
    public private(set) var map: RasterImage
    /// 1 in the regions, else 0.
    public private(set) var mask: RasterImage
  }

  /// The new pictures.
  public let pictures: SampleSet
  /// What good pictures teach.
  public let standard: CalibratedPipeline
  /// One a picture; the reason for those that cannot be read.
  public let verdicts: [Result<Verdict, any Error>]
  /// The strangest pictures, made small.
  public let strangest: [Exhibit]

  /// Pictures that are in memory at a time, at the size of the features.
  private static let picturesAtOnce = 32
  /// The strangest that are kept.
  private static let mostExhibits = 48
  /// The longest side of those, in pixels.
  private static let exhibitSide = 112

  /// - Parameters:
  ///   - pictures: The new ones.
  ///   - standard: What the good ones taught.
  ///   - context: Threads, and who watches or stops the work.
  ///   - draw: Is given every picture at its own size, on any thread.
  /// - Throws: `ExperimentFault.noTestSamples`, what `draw` throws, the faults
  ///   of the model, `CancellationError`.
  public init(
    _ pictures: SampleSet, by standard: CalibratedPipeline,
    in context: RunContext = RunContext(),
    drawing draw: @Sendable (Exhibit) throws -> Void = { _ in }
  ) throws {
    guard pictures.count > 0 else {
      throw ExperimentFault.noTestSamples(category: nil)
    }
    self.pictures = pictures
    self.standard = standard
    var verdicts: [Result<Verdict, any Error>] = []
    var strangest: [Exhibit] = []
    for block in Parallel.blocks(pictures.count, size: Self.picturesAtOnce) {
      let exhibits = try Self.exhibits(
        of: Array(block), in: pictures, by: standard, in: context.quiet,
        drawing: draw)
      verdicts += exhibits.map { $0.map(\.verdict) }
      strangest += exhibits.compactMap { try? $0.get() }
      strangest.sort {
        ($0.verdict.score, $1.verdict.place)
          > ($1.verdict.score, $0.verdict.place)
      }
      strangest.removeLast(max(0, strangest.count - Self.mostExhibits))
      context.progress.report(
        ProgressReport(
          stage: "checking", completed: block.upperBound,
          total: pictures.count))
    }
    self.verdicts = verdicts
    self.strangest = strangest
  }

  /// Made small once they are drawn.
  private static func exhibits(
    of places: [Int], in set: SampleSet, by standard: CalibratedPipeline,
    in context: RunContext, drawing draw: @Sendable (Exhibit) throws -> Void
  ) throws -> [Result<Exhibit, any Error>] {
    let pipeline = standard.pipeline
    let rows = try context.withThreads {
      try Parallel.map(places.count) { index in
        try context.cancellation.check()
        return try reading {
          try pipeline.features.rows(
            of: set.selecting([places[index]]),
            columns: pipeline.model.featureCount, in: context
          ).matrix().values
        }
      }
    }
    let readable = rows.compactMap { try? $0.get() }
    guard
      var localized = try pipeline.localization(
        of: Matrix(
          rows: readable.count, columns: pipeline.model.featureCount,
          values: readable.flatMap { $0 }), in: context
      ).map({ zip($0.scores, $0.heatMaps).makeIterator() })
    else { throw DetectorFault.needsImages }
    let found = rows.map { row in row.map { _ in localized.next() } }
    return try context.withThreads {
      try Parallel.map(places.count) { index in
        try context.cancellation.check()
        let exhibit = try reading {
          guard let (score, map) = try found[index].get(),
            let picture = try set.picture(at: places[index])
          else { throw DetectorFault.needsImages }
          return Exhibit(
            of: picture, at: places[index], score: score, map: map,
            by: standard)
        }
        if case .success(let exhibit) = exhibit { try draw(exhibit) }
        return exhibit.map { $0.fitting(exhibitSide) }
      }
    }
  }
}

extension PictureCheck.Exhibit {
  /// - Parameter map: At the size of the features.
  fileprivate init(
    of picture: RasterImage, at place: Int, score: Float, map: RasterImage,
    by standard: CalibratedPipeline
  ) {
    let map = map.interpolated(to: picture.size)
    let defects = DefectMask(
      map.values, above: standard.pixel.threshold, width: picture.size.width)
    verdict = PictureCheck.Verdict(
      place: place, size: picture.size, score: score,
      isStrange: standard.score.isExceeded(by: score),
      regions: defects.regions(of: map.values))
    self.picture = picture
    self.map = map
    mask = RasterImage(shape: map.shape, values: defects.pixels)
  }

  /// Made smaller where a side is longer.
  fileprivate func fitting(_ side: Int) -> Self {
    var small = self
    small.picture = picture.fitting(side)
    small.map = map.resized(to: small.picture.size)
    small.mask = mask.resized(to: small.picture.size)
    return small
  }
}

/// What was read, or why it cannot be.
///
/// - Throws: `CancellationError`.
private func reading<Value>(
  _ read: () throws -> Value
) throws -> Result<Value, any Error> {
  do {
    return .success(try read())
  } catch let error as CancellationError {
    throw error
  } catch {
    return .failure(error)
  }
}
