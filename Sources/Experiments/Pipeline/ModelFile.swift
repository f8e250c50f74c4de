import Detectors
import Features
import Files
import Foundation
import Groups
import LinearAlgebra

extension FittedPipeline {
  /// What a model file holds, for one type of detector.
  private struct Stored<D: Detector>: Codable {
    var extractor: FeatureExtractor
    var scaler: FittedScaler
    var detector: D
    var model: D.Model
    @Tensor var trainingScores: [Float]
    /// Files of version 0.1, and those of pictures, have none.
    var usual: UsualValues?
    var isCrossFitted: Bool?

    /// Whether every part takes as many features as the one before gives.
    var fitsTogether: Bool {
      let count = model.featureCount
      return scaler.featureCount ?? count == count
        && extractor.featureImageShape?.count ?? count == count
        && usual?.isWhole(columns: count) ?? true
    }
  }

  private static let detectorKey = "detector"
  /// Of detectors that are fitted group by group.
  private static let groupedKey = "grouped"
  private static let formatKey = "formatVersion"
  /// Files of version 0.1 have none and are read as the first.
  private static let formatVersion = 1

  /// Writes everything that scoring needs into one safetensors file.
  ///
  /// - Throws: `FileFault.unwritable`; the target is then as it was.
  public func write(to url: URL) throws {
    var file = try stored()
    file.metadata[Self.detectorKey] = detector.name
    file.metadata[Self.formatKey] = "\(Self.formatVersion)"
    if model.grouping != nil { file.metadata[Self.groupedKey] = "true" }
    file.metadata.merge(origin?.metadata ?? [:]) { $1 }
    try file.write(to: url)
  }

  /// All that scoring needs, without the names of the file.
  func stored() throws -> Safetensors { try stored(detector.detector) }

  private func stored<D: Detector>(_ detector: D) throws -> Safetensors {
    guard let model = model as? D.Model else {
      preconditionFailure("a model comes from its own detector")
    }
    return try Safetensors(
      encoding: Stored(
        extractor: extractor, scaler: scaler, detector: detector, model: model,
        trainingScores: trainingScores, usual: usual,
        isCrossFitted: isCrossFitted ? true : nil))
  }

  /// Reads a model file.
  ///
  /// - Throws: `FileFault`; `ExperimentFault.notAModel` when it holds
  ///   something else or a detector that the catalog does not know.
  public init(
    contentsOf url: URL, catalog: DetectorCatalog = .standard
  ) throws {
    let file = try Safetensors(contentsOf: url)
    func refused(_ reason: String) -> ExperimentFault {
      .notAModel(path: url.path, reason: reason)
    }
    guard let name = file.metadata[Self.detectorKey] else {
      throw refused("no model of AnomalyKit")
    }
    if let format = file.metadata[Self.formatKey],
      Int(format) != Self.formatVersion
    {
      throw refused(
        "a model of the format \(format), written by AnomalyKit"
          + " \(file.metadata["version"] ?? "of another version")")
    }
    guard let entry = catalog.descriptions.first(where: { $0.name == name })
    else {
      throw refused("a model of the unknown detector \(name)")
    }
    do {
      let type: any Detector.Type = type(of: entry.prototype)
      self =
        file.metadata[Self.groupedKey] == nil
        ? try Self.read(type, name: name, from: file)
        : try Self.readGrouped(type, name: name, from: file)
      origin = ModelOrigin(file.metadata)
    } catch is DecodingError {
      throw refused("not a whole model of the detector \(name)")
    }
  }

  private static func readGrouped<D: Detector>(
    _ type: D.Type, name: String, from file: Safetensors
  ) throws -> FittedPipeline {
    try read(GroupedDetector<D>.self, name: name, from: file)
  }

  private static func read<D: Detector>(
    _ type: D.Type, name: String, from file: Safetensors
  ) throws -> FittedPipeline {
    let stored = try file.decode(Stored<D>.self)
    guard stored.fitsTogether else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [],
          debugDescription: "features, scale and model do not fit together"))
    }
    var fitted = FittedPipeline(
      features: FittedFeatures(
        extractor: stored.extractor, scaler: stored.scaler),
      detector: NamedDetector(name, stored.detector), model: stored.model,
      trainingScores: stored.trainingScores)
    fitted.usual = stored.usual
    fitted.isCrossFitted = stored.isCrossFitted ?? false
    return fitted
  }
}
