import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// How little every pixel of a picture is told by those around it, in the
/// picture itself: for textures that repeat.
///
/// Each picture has a linear predictor of its own, of the pixels 3 to 8 away to
/// any side; what it leaves over is the map. Training pictures only teach how
/// much is usual at each place.
public struct Autoregression: Detector {
  /// How near the nearest pixel is that predicts, in pixels of half the
  /// picture's resolution: smaller defects are not explained by themselves.
  public var blindSpot: Int
  /// How far the farthest one is.
  public var window: Int
  /// The ridge, as a part of the variance of the pixels.
  public var ridge: Double
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples: Int

  /// By default: 3 to 8 pixels, ridge 0.02, at most 600 pictures.
  public init(
    blindSpot: Int = 3, window: Int = 8, ridge: Double = 0.02,
    maxSamples: Int = 600
  ) {
    self.blindSpot = blindSpot
    self.window = window
    self.ridge = ridge
    self.maxSamples = maxSamples
  }

  public var parameters: [Parameter<Self>] {
    let distance = ParameterDomain.whole(1...16, "a count of 1 to 16")
    return [
      Parameter(
        "blind-spot", \.blindSpot, distance,
        "distance of the nearest pixel that predicts"),
      Parameter(
        "window", \.window, distance,
        "distance of the farthest pixel that predicts, if not nearer"),
      Parameter(
        "ridge", \.ridge, .positive, "ridge, in parts of the mean variance"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entry of the catalogue, `autoregression`.
  public static let description = DetectorDescription(
    "autoregression", "pixels predicted by those around, for textures",
    group: .further, pictureSide: LocalFeatures.usualSide,
    prototype: Autoregression())

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> AutoregressionModel {
    let pictures = try LocalPictures(
      of: source, most: maxSamples, needed: 2, in: context)
    let predictor = PixelPredictor(
      distances: blindSpot...max(blindSpot, window), ridge: ridge)
    let features = LocalFeatures(.pixels, of: pictures.shape)
    let count = pictures.source.rows
    let maps = try LocalPictures.blocks(count).flatMap { block in
      defer {
        context.progress.report(
          ProgressReport(
            stage: "autoregression", completed: block.upperBound, total: count))
      }
      return try predictor.maps(
        of: pictures.source.finite(rows: Array(block)), pictures.shape,
        features, in: context)
    }
    let leftOut = MapCalibration.unusualness(leavingOutEachOf: maps)
    let score = MapScore(leftOut)
    return AutoregressionModel(
      shape: pictures.shape, predictor: predictor,
      calibration: MapCalibration(maps), score: score,
      leftOut: LeftOutScores(leftOut, judgedBy: score, at: pictures.shape))
  }
}

/// How much is usually left over at each place.
public struct AutoregressionModel: CalibratingModel {
  fileprivate let shape: ImageShape
  fileprivate let predictor: PixelPredictor
  fileprivate let calibration: MapCalibration
  fileprivate let score: MapScore
  public let leftOut: LeftOutScores

  public var featureCount: Int { shape.count }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try maps(of: samples, in: context).map(score.score)
  }

  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    Localization(
      try maps(of: samples, in: context), judgedBy: score, at: shape)
  }

  private func maps(
    of samples: Matrix, in context: RunContext
  ) throws -> [Raster] {
    try predictor.maps(
      of: samples, shape, LocalFeatures(.pixels, of: shape), in: context
    ).map(calibration.unusualness)
  }
}

extension AutoregressionModel {
  private enum CodingKeys: CodingKey {
    case shape
    case predictor
    case calibration
    case score
    case leftOut
  }

  /// - Throws: `DecodingError.dataCorrupted` when the parts do not fit together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    shape = try container.decode(ImageShape.self, forKey: .shape)
    predictor = try container.decode(PixelPredictor.self, forKey: .predictor)
    calibration = try container.decode(
      MapCalibration.self, forKey: .calibration)
    score = try container.decode(MapScore.self, forKey: .score)
    leftOut = try container.decode(LeftOutScores.self, forKey: .leftOut)
    let features = LocalFeatures(.pixels, of: shape)
    guard predictor.isWhole, leftOut.isWhole(count: leftOut.scores.count),
      calibration.isWhole(rows: features.rows, columns: features.columns)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "predictor and calibration do not fit together"))
    }
  }
}
