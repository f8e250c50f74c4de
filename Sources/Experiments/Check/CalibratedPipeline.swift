import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Foundation

/// A fitted pipeline with thresholds for pictures and for pixels, made of the
/// good pictures that it was fitted to.
public struct CalibratedPipeline: Sendable {
  /// What scores pictures, and makes their heat maps.
  public let pipeline: FittedPipeline
  /// The scores of the good pictures, each left out.
  public let leftOut: [Float]
  /// What a picture that is strange scores higher than.
  public let score: Calibration
  /// What the heat map lies above where a picture is strange: somewhere in a
  /// good picture, as seldom as asked for.
  public let pixel: Calibration

  /// - Parameters:
  ///   - pipeline: Of a detector that localises pictures and is calibrating.
  ///   - falseAlarms: The share of good pictures that may score above the
  ///     threshold, and the share that may have a pixel above its own.
  /// - Throws: `ExperimentFault.notCalibrating`.
  public init(
    _ pipeline: FittedPipeline, falseAlarms: FalseAlarmRate
  ) throws {
    guard let leftOut = pipeline.model.leftOutScores,
      pipeline.localizing != nil
    else {
      throw ExperimentFault.notCalibrating(
        detector: pipeline.detector.name,
        known: DetectorCatalog.standard.calibratingNames)
    }
    self.pipeline = pipeline
    self.leftOut = leftOut.scores
    score = try Calibration(leftOut: leftOut.scores, falseAlarms: falseAlarms)
    pixel = try Calibration(leftOut: leftOut.peaks, falseAlarms: falseAlarms)
  }
}

extension DetectorCatalog {
  /// The detectors whose good pictures are enough to make thresholds of.
  public var calibratingNames: [String] {
    descriptions.filter { $0.prototype.isCalibrating }.map(\.name)
  }
}

extension FittedPipeline {
  /// Learns from good pictures, or takes what a file keeps of such a fit.
  ///
  /// - Parameters:
  ///   - good: The pictures.
  ///   - features: The size that they are seen at.
  ///   - detector: One that is calibrating.
  ///   - file: Is read where it exists, else written; nil keeps nothing.
  ///   - catalog: The detectors that a file may be of.
  ///   - context: The circumstances of the fit.
  /// - Throws: `ExperimentFault.notCalibrating`; `.anotherFit` when the file is
  ///   of other pictures, another detector or another seed; the faults of
  ///   reading and of the detector.
  public static func learned(
    from good: SampleSet, by detector: NamedDetector,
    seenAs features: FeatureRecipe = FeatureRecipe(), keptIn file: URL? = nil,
    catalog: DetectorCatalog = .standard, in context: RunContext
  ) throws -> FittedPipeline {
    guard detector.detector.isCalibrating else {
      throw ExperimentFault.notCalibrating(
        detector: detector.name, known: catalog.calibratingNames)
    }
    let category = DatasetCategory(
      name: "the good pictures", train: good, test: SampleSet(imageFiles: []))
    if let file, FileManager.default.fileExists(atPath: file.path) {
      let kept = try FittedPipeline(contentsOf: file, catalog: catalog)
      let origin = ModelOrigin(
        seed: context.seed, dataChecksum: try good.checksum(in: context))
      let seen = try detector.preparation(Preparation(features: features))
        .features.extractor(for: category).imageShape
      try kept.check(isOf: origin, detector, seenAs: seen, in: file)
      return kept
    }
    let fitted = try Pipeline(features: features, detector: detector).fit(
      category, trainingScores: file == nil ? .none : .heldOut, in: context)
    if let file { try fitted.write(to: file) }
    return fitted
  }

  private func check(
    isOf wanted: ModelOrigin, _ wantedDetector: NamedDetector,
    seenAs shape: ImageShape?, in file: URL
  ) throws {
    let isOfDetector =
      detector.name == wantedDetector.name
      && AnyHashable(detector.detector) == AnyHashable(wantedDetector.detector)
    let difference: String? =
      if !isOfDetector {
        "by \(detector.name), not as \(wantedDetector.name) is by default"
      } else if origin?.dataChecksum != wanted.dataChecksum {
        "to other good pictures"
      } else if origin?.seed != wanted.seed {
        "with another seed"
      } else if extractor.imageShape != shape {
        "to pictures seen at another size"
      } else {
        nil
      }
    if let difference {
      throw ExperimentFault.anotherFit(path: file.path, difference: difference)
    }
  }
}
