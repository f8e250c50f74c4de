import Datasets
import Detectors
import Diagnostics
import Features
import Groups
import Images
import Parameters

extension DetectorCatalog {
  /// The least side, in pixels, of pictures that local features suit.
  private static let leastSide = 128
  /// The most training pictures of a category that local detectors take
  /// seconds for.
  private static let mostPictures = 2000

  /// The detectors that are run side by side when nobody chooses: of tables the
  /// ensemble, the classical ones and the ensemble's other members; of pictures
  /// the classical ones, and the local ones where all categories are of large enough pictures,
  /// few enough to be learned from in seconds, and no other size or features
  /// are asked for.
  ///
  /// - Returns: Also why the local ones are left out of pictures.
  /// - Throws: As `detectors(named:_:)`; what reading a picture's header throws.
  public func usualDetectors(
    for categories: [DatasetCategory], _ preparation: Preparation,
    _ settings: ParameterSettings = [:]
  ) throws -> (detectors: [NamedDetector], note: FaultMessage?) {
    guard categories.contains(where: { $0.train.imageShape != nil }) else {
      let known = Set(names + ["all"])
      let suited = [
        Ensemble.description.name, "all", MinimumCovariance.description.name,
        NeighborDistance.description.name,
      ].filter(known.contains)
      return (try detectors(named: suited, settings), nil)
    }
    let local = descriptions.filter { $0.group == .local }.map(\.name)
    guard !local.isEmpty, categories.allSatisfy({ $0.train.imageShape != nil })
    else { return (try detectors(named: ["all"], settings), nil) }
    guard let reason = try Self.obstacle(categories, preparation) else {
      return (try detectors(named: ["all"] + local, settings), nil)
    }
    let names = local.joined(separator: ", ")
    return (
      try detectors(named: ["all"], settings),
      "without \(names): \(reason); \(option: "detectors", names) runs them"
        + " all the same"
    )
  }

  /// The way to scores when nobody chooses a detector: `fusion` for pictures of
  /// 128 pixels or more; for smaller ones, on histograms of oriented gradients
  /// at 64x64 pixels, `lof`, or k-means where comparing all would take long;
  /// `ensemble` for tables.
  ///
  /// - Parameters:
  ///   - category: What is to be learned from.
  ///   - grouping: Whether each group of alike pictures has a model of its own.
  ///   - preparation: What is asked for; nil for nothing.
  ///   - settings: Of the detector.
  /// - Returns: Also a line that tells what was chosen, and why.
  /// - Throws: As `detectors(named:_:)`; what reading a picture's header throws.
  public func usualPipeline(
    for category: DatasetCategory, _ grouping: Grouping = .off,
    _ preparation: Preparation? = nil, _ settings: ParameterSettings = [:]
  ) throws -> (pipeline: Pipeline, note: FaultMessage) {
    func choice(
      _ name: String, _ preparation: Preparation,
      _ settings: ParameterSettings, because reason: FaultMessage
    ) throws -> (Pipeline, FaultMessage) {
      let detector = try detector(named: name, settings)
      return (
        Pipeline(
          features: preparation.features, scaler: preparation.scaler,
          detector: detector.grouped(grouping)),
        "by \(name), features \(preparation.features.kind.rawValue): \(reason);"
          + " \(option: "detector") chooses another"
      )
    }
    guard category.train.imageShape != nil else {
      return try choice(
        Ensemble.description.name, preparation ?? Preparation(),
        settings, because: "a table")
    }
    let obstacle =
      try preparation == nil
      ? Self.obstacle([category], Preparation(), mostPictures: .max)
      : "other features, size or scale are asked for"
    guard let obstacle else {
      return try choice(
        Fusion.description.name, Preparation(), settings,
        because: "pictures of \(Self.leastSide) pixels or more")
    }
    let gradients = Preparation(
      features: FeatureRecipe(
        kind: .hog, size: PixelSize(square: Self.gradientSide)))
    guard category.train.count > Self.mostCompared else {
      return try choice(
        LocalOutlierFactor.description.name, preparation ?? gradients,
        settings, because: obstacle)
    }
    var settings = settings
    let clusters = "n-clusters"
    if !settings.names.contains(clusters) { settings[clusters] = ["64"] }
    return try choice(
      KMeansDistance.description.name, preparation ?? gradients, settings,
      because: "\(obstacle), and there are more than \(Self.mostCompared)")
  }

  /// The most samples of which all pairs are compared: in seconds.
  private static let mostCompared = 20_000

  /// The side, in pixels, of pictures whose gradients are taken: eight cells.
  private static let gradientSide = 64

  private static func obstacle(
    _ categories: [DatasetCategory], _ preparation: Preparation,
    mostPictures: Int = mostPictures
  ) throws -> FaultMessage? {
    guard preparation == Preparation() else {
      return "other features, size or scale are asked for"
    }
    for category in categories {
      guard category.train.count <= mostPictures else {
        return
          "\(category.name) has more than \(mostPictures) training pictures"
      }
      if let size = try category.train.firstPictureSize,
        min(size.width, size.height) < leastSide
      {
        return "pictures are smaller than \(leastSide) pixels"
      }
    }
    return nil
  }
}

extension SampleSet {
  /// Nil for tables.
  var firstPictureSize: PixelSize? {
    get throws {
      if let file = files?.pictures.first {
        return try PictureFile.header(of: file.open()).size
      }
      return imageShape.map { PixelSize(width: $0.width, height: $0.height) }
    }
  }
}
