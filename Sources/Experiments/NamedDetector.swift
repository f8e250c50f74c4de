import Datasets
import Detectors
import Diagnostics
import Execution
import Features
import Foundation
import Groups
import Images
import LinearAlgebra

/// A detector and the name it goes by in commands, tables and model files.
public struct NamedDetector: Sendable {
  /// A model file needs the catalogue's; elsewhere any will do.
  public var name: String
  /// With the hyper-parameters that it is fitted with.
  public var detector: any Detector
  /// What it is given of pictures instead of what all others are; nil for
  /// nothing else.
  public var features: FeatureKind?
  /// What is fitted instead where the samples to be judged are those that are
  /// learned from; nil for the same.
  private var amongAnomalies: (any Detector)?
  /// As `DetectorDescription.pictureSide` has it.
  private let pictureSide: Int?
  private let growth: FitGrowth?

  /// - Parameters:
  ///   - name: A model file needs the catalogue's; elsewhere any will do.
  ///   - detector: With its hyper-parameters.
  ///   - pictureSide: As `DetectorDescription.pictureSide` has it.
  ///   - growth: How the time of a fit grows; nil for detectors that are always
  ///     quick.
  ///   - amongAnomalies: What is fitted instead where the samples to be judged
  ///     are those that are learned from; nil for the same.
  public init(
    _ name: String, _ detector: any Detector, pictureSide: Int? = nil,
    growth: FitGrowth? = nil, amongAnomalies: (any Detector)? = nil
  ) {
    self.amongAnomalies = amongAnomalies
    self.pictureSide = pictureSide
    self.name = name
    self.detector = detector
    self.growth = growth
  }

  /// The same detector for every group of alike samples.
  ///
  /// Networks learn all samples as one unless a number of groups is asked for:
  /// what tells products apart is theirs to learn.
  public func grouped(_ grouping: Grouping) -> NamedDetector {
    guard grouping != .off,
      grouping != .automatic || !detector.trainsInEpochs
    else { return self }
    func grouped(_ detector: some Detector) -> any Detector {
      GroupedDetector(detector, grouping: grouping)
    }
    var named = self
    named.detector = grouped(detector)
    named.amongAnomalies = amongAnomalies.map { grouped($0) }
    return named
  }

  /// The same detector for each kind of features, or once where it makes its
  /// own, as local detectors and networks do.
  public func given(_ kinds: [FeatureKind]) -> [NamedDetector] {
    let makesItsOwn = pictureSide != nil || detector.trainsInEpochs
    return kinds.prefix(makesItsOwn ? 1 : kinds.count).map { kind in
      var named = self
      named.features = makesItsOwn ? .pixels : kind
      return named
    }
  }

  /// The detector for a category, with the values that suit training samples
  /// which are judged themselves, anomalies among them: here alone is decided
  /// which hold.
  func suited(
    toTransductive isTransductive: Bool, in context: RunContext
  ) -> NamedDetector {
    guard isTransductive, let amongAnomalies,
      AnyHashable(amongAnomalies) != AnyHashable(detector)
    else { return self }
    context.note(
      "\(name): \(Self.changes(of: amongAnomalies, from: detector)), as the"
        + " samples to be judged are those that it learns from")
    var named = self
    named.detector = amongAnomalies
    named.amongAnomalies = nil
    return named
  }

  /// The parameters that differ, with their values.
  private static func changes(
    of detector: any Detector, from other: any Detector
  ) -> String {
    func values(_ detector: some Detector) -> [(String, [String])] {
      detector.parameters.map { ($0.name, $0.values(of: detector)) }
    }
    return zip(values(detector), values(other)).filter { $0.1 != $1.1 }.map {
      "\($0.0.0) \($0.0.1.joined(separator: ","))"
    }.joined(separator: ", ")
  }

  /// What this detector is given, of what is asked for.
  ///
  /// - Throws: `ExperimentFault.needsPixels` for a detector that sees local
  ///   features of pictures when other features or a scale are asked for.
  func preparation(_ asked: Preparation) throws -> Preparation {
    var asked = asked
    asked.features.kind = features ?? asked.features.kind
    guard let pictureSide else { return asked }
    guard
      asked.features.kind == .pixels,
      asked.scaler == nil || asked.scaler == Scaler.none
    else {
      throw ExperimentFault.needsPixels(detector: name)
    }
    var own = asked
    own.features.fileSize = PixelSize(square: pictureSide)
    return own
  }

  /// Pictures may be so many times as large as they are seen.
  private static let mostShrinking = 8

  /// Tells of a detector that sees pictures locally that it sees large ones much
  /// smaller than they are.
  func noteLostDetail(
    of size: @autoclosure () throws -> PixelSize?, seenAt side: Int,
    in context: RunContext
  ) rethrows {
    guard pictureSide != nil, let size = try size(),
      case let shrinking = max(size.width, size.height) / side,
      shrinking > Self.mostShrinking
    else { return }
    let finer = min(4 * side, 4096)
    context.note(
      "\(name): pictures of \(size) pixels are seen at \(side) x \(side), each of"
        + " which stands for \(shrinking) x \(shrinking): \(option: "size", finer)"
        + " sees smaller defects, in \((finer / side) * (finer / side)) times the"
        + " time and memory")
  }

  /// From what duration a user would rather be asked.
  private static let longFit: Double = 600

  /// Warns of a fit that will take more than ten minutes, with the option that
  /// helps.
  func warnOfLongFit(to samples: any SampleSource, in context: RunContext) {
    let seconds = expectedSeconds(rows: samples.rows, columns: samples.columns)
    guard let growth, seconds > Self.longFit else { return }
    let remedy = growth.remedies.dropFirst().reduce(
      growth.remedies.first.map { "lower \(option: $0)" } ?? ""
    ) { $0 + " or \(option: $1)" }
    context.warn(
      "\(name) will take about \(durationInWords(seconds)) for"
        + " \(samples.rows) samples of \(samples.columns) features: "
        + remedy)
  }

  /// Roughly how long a fit takes.
  func expectedSeconds(rows: Int, columns: Int) -> Double {
    // Nothing takes no time, and what is always quick takes this.
    let least = 0.02
    guard let growth else { return least }
    let rows = min(rows, growth.rowLimit ?? rows)
    return least + growth.seconds
      * pow(Double(rows) / 10_000, growth.rowPower)
      * pow(Double(columns) / 1_000, growth.columnPower)
  }

  /// Roughly how long a fit to a category takes.
  func expectedSeconds(_ workload: Workload) -> Double {
    expectedSeconds(rows: workload.rows, columns: workload.columns)
  }
}

/// How features of a category are made, and what the time of runs on it depends
/// on, before it is read.
///
/// Of image files it looks into every header: made once for all detectors.
struct Workload {
  /// Nil is the default of the data.
  let scaler: Scaler?
  /// What cannot be described is told when it is read.
  let extractor: Result<FeatureExtractor, any Error>
  /// The word for the features in tables.
  let features: String
  /// The training samples.
  let rows: Int
  /// The values of each.
  let columns: Int
  /// Roughly how long reading and features take.
  let readingSeconds: Double

  init(_ category: DatasetCategory, _ preparation: Preparation) {
    scaler = preparation.scaler
    extractor = Result { try preparation.features.extractor(for: category) }
    let known = try? extractor.get()
    features = known?.name ?? preparation.features.kind.rawValue
    rows = category.train.count
    columns = known?.imageShape?.count ?? category.train.source.columns
    readingSeconds =
      Double(rows + category.test.count) * Self.secondsPerSample
  }

  /// For reading an image and making its features; measured for PNG files of
  /// 128x128 pixels.
  private static let secondsPerSample = 2e-4
}
