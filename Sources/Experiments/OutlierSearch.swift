import Datasets
import Detectors
import Evaluation
import Execution
import Images

/// The test samples whose scores lie above a quantile of the training scores.
public struct OutlierSearch: Sendable {
  /// A test sample as the detector sees it.
  public struct Picture: Sendable {
    /// The place among the test samples.
    public let place: Int
    /// In the size and colour of the features, before they are scaled; as people
    /// see it where features are no pictures.
    public let original: RasterImage
    /// What the detector takes it for; nil unless it reconstructs.
    public let reconstruction: RasterImage?
    /// Where the detector sees it strange, one channel of the same size, on one
    /// scale for all pictures; nil unless it localises.
    public let heatMap: RasterImage?
  }

  /// What was searched, with labels or without.
  public let test: SampleSet
  /// What scores higher is an outlier.
  public let threshold: Double
  /// Where the threshold comes from; nil for a quantile of the training scores.
  public private(set) var calibration: Calibration?
  /// One score for every test sample.
  public let scores: [Float]
  /// Places in the test set, the strangest first.
  public let outliers: [Int]
  /// Places in the test set below the threshold, the most ordinary first.
  public let ordinary: [Int]
  /// Nil without labels of both kinds.
  public let evaluation: Evaluation?
  /// The first outliers and the first ordinary samples; nil for tables.
  public let pictures: (outliers: [Picture], ordinary: [Picture])?
  /// Of a detector that is trained in epochs.
  public let history: [EpochRecord]?

  /// Scores the test samples.
  ///
  /// - Parameters:
  ///   - test: The samples to search.
  ///   - pipeline: With the scores of its training samples.
  ///   - quantile: Of those scores.
  ///   - pictureCount: The most pictures of either kind.
  ///   - context: Who watches or stops the search.
  /// - Throws: The faults of reading, of the model and of `Quantile`;
  ///   `CancellationError`.
  public init(
    _ test: SampleSet, by pipeline: FittedPipeline, quantile: Quantile,
    pictureCount: Int = 24, in context: RunContext = RunContext()
  ) throws {
    try self.init(
      test, by: pipeline,
      threshold: quantile.threshold(of: pipeline.trainingScores),
      pictureCount: pictureCount, in: context)
  }

  /// Scores the test samples, with a threshold that keeps to a rate of false
  /// alarms.
  ///
  /// - Throws: As with a quantile.
  public init(
    _ test: SampleSet, by pipeline: FittedPipeline, calibration: Calibration,
    pictureCount: Int = 24, in context: RunContext = RunContext()
  ) throws {
    try self.init(
      test, by: pipeline, threshold: calibration.threshold,
      pictureCount: pictureCount, in: context)
    self.calibration = calibration
  }

  private init(
    _ test: SampleSet, by pipeline: FittedPipeline, threshold: Double,
    pictureCount: Int, in context: RunContext
  ) throws {
    let scores = try pipeline.scores(for: test, in: context)
    let ascending = scores.indices.sorted {
      (scores[$0], $0) < (scores[$1], $1)
    }
    outliers = ascending.reversed().filter { Double(scores[$0]) > threshold }
    ordinary = ascending.filter { Double(scores[$0]) <= threshold }
    evaluation = test.labels.flatMap {
      try? Evaluation(scores: scores, labels: $0)
    }
    func shown(_ places: [Int]) throws -> [Picture] {
      try pipeline.pictures(
        of: Array(places.prefix(pictureCount)), in: test, context: context)
    }
    pictures =
      test.imageShape == nil
      ? nil
      : (try shown(outliers), try shown(ordinary))
    history = pipeline.model.trainingHistory
    self.test = test
    self.scores = scores
    self.threshold = threshold
  }
}

extension FittedPipeline {
  /// Pixels of a picture's longer side on a sheet.
  private static let shownSide = 168

  fileprivate func pictures(
    of places: [Int], in set: SampleSet, context: RunContext
  ) throws -> [OutlierSearch.Picture] {
    guard !places.isEmpty else { return [] }
    try context.cancellation.check()
    guard extractor.featureImageShape != nil else {
      return try places.compactMap { place in
        try set.picture(at: place, side: Self.shownSide).map {
          OutlierSearch.Picture(
            place: place, original: $0, reconstruction: nil, heatMap: nil)
        }
      }
    }
    let (images, rows) = try features.samples(places, of: set, in: context)
    let reconstructions = try reconstructions(of: rows, in: context)
    let heatMaps = try heatMaps(of: rows, in: context)
    return zip(places, images).enumerated().map {
      OutlierSearch.Picture(
        place: $1.0, original: $1.1, reconstruction: reconstructions?[$0],
        heatMap: heatMaps?[$0])
    }
  }
}
