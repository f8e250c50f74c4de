import Datasets
import Detectors
import Diagnostics
import Features
import Images
import Parameters

extension DetectorCatalog {
  /// The least side, in pixels, of pictures that local features suit.
  private static let leastSide = 128
  /// The most training pictures of a category that local detectors take
  /// seconds for.
  private static let mostPictures = 2000

  /// The detectors that are run side by side when nobody chooses: the classical
  /// ones, and the local ones where all categories are of large enough pictures,
  /// few enough to be learned from in seconds, and no other size or features
  /// are asked for.
  ///
  /// - Returns: Also why the local ones are left out of pictures.
  /// - Throws: As `detectors(named:_:)`; what reading a picture's header throws.
  public func usualDetectors(
    for categories: [DatasetCategory], _ preparation: Preparation,
    _ settings: ParameterSettings = [:]
  ) throws -> (detectors: [NamedDetector], note: FaultMessage?) {
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

  private static func obstacle(
    _ categories: [DatasetCategory], _ preparation: Preparation
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
  fileprivate var firstPictureSize: PixelSize? {
    get throws {
      if let url = files?.urls.first { return try PNG.header(at: url).size }
      return imageShape.map { PixelSize(width: $0.width, height: $0.height) }
    }
  }
}
