import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// A few detectors that see different things, on one scale.
///
/// Each member's score becomes a tail probability among scores of training
/// samples that the member did not learn from; the score is that of
/// `EnsembleModel`. Members and rule are fixed: none looks at labels, and a
/// sample scores the same alone as among others.
public struct Ensemble: Detector {
  /// A detector at its defaults.
  public enum Member: String, Codable, CaseIterable, Hashable, Sendable {
    /// `IsolationForest`.
    case iforest
    /// `MinimumCovariance`.
    case mcd
    /// `NeighborDistance`.
    case knn
    /// `LocalOutlierFactor`.
    case lof
    /// `HistogramScore`.
    case hbos
    /// `EmpiricalTails`.
    case ecod
    /// `CopulaTails`.
    case copod

    var detector: any Detector {
      switch self {
      case .iforest: IsolationForest()
      case .mcd: MinimumCovariance()
      case .knn: NeighborDistance()
      case .lof: LocalOutlierFactor()
      case .hbos: HistogramScore()
      case .ecod: EmpiricalTails()
      case .copod: CopulaTails()
      }
    }

    /// Whether every sample is compared with every one that is learned from.
    fileprivate var comparesAll: Bool { self == .knn || self == .lof }
  }

  /// One or more, none twice.
  public var members: [Member]

  /// By default: an isolation forest, a robust covariance and the nearest
  /// neighbours.
  public init(members: [Member] = [.iforest, .mcd, .knn]) {
    self.members = members
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "members", \.members, .members, "its detectors, with commas between")
    ]
  }

  public var invariance: Invariance {
    members.reduce([.shift, .featureScales]) {
      $0.intersection($1.detector.invariance)
    }
  }

  /// The entry of the catalogue, `ensemble`.
  public static let description = DetectorDescription(
    "ensemble", "several detectors on one scale", group: .further,
    prototype: Ensemble()
  ) { detector in
    detector.members.contains(.mcd)
      ? FitGrowth(seconds: 800, columnPower: 2, remedies: ["members"]) : nil
  }

  /// The most samples that members which compare with all of them keep.
  static let mostCompared = 20_000

  /// A member that would take too much memory is left out, with a warning.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> EnsembleModel {
    var bank: [Int]?
    if source.rows > Self.mostCompared, members.contains(where: \.comparesAll) {
      var generator = SeededGenerator(seed: context.seed, stream: 1 << 40)
      bank = generator.sample(Self.mostCompared, below: source.rows).sorted()
      let names = members.filter(\.comparesAll).map(\.rawValue)
      context.note(
        "ensemble: \(names.joined(separator: ", ")) compare with"
          + " \(Self.mostCompared) of the \(source.rows) samples, drawn at"
          + " random")
    }
    var parts: [EnsembleModel.Part] = []
    var scores: [[Float]] = []
    var refusal: (any Error)?
    for (member, share) in zip(
      members, context.parts(members.map { $0 == .mcd ? 4 : 1 }))
    {
      do {
        let fitted = try member.fit(
          source, bank: member.comparesAll ? bank : nil,
          in: share.named(member.rawValue))
        parts.append(fitted.part)
        scores.append(fitted.own)
      } catch let fault as DetectorFault {
        guard case .exceedsMemoryBudget = fault else { throw fault }
        context.warn("ensemble, without \(member.rawValue): \(fault.problem)")
        refusal = fault
      }
    }
    if parts.isEmpty, let refusal { throw refusal }
    return EnsembleModel(
      parts, leftOut: EnsembleModel.combined(parts, scores))
  }
}

extension Ensemble.Member {
  /// Fewer samples have none to hold out.
  private static let fewestHeldOut = 10

  /// - Parameter bank: The samples that are learned from; nil for all.
  /// - Returns: The part, and the member's score of every training sample, left
  ///   out where the model can do so.
  fileprivate func fit(
    _ source: any SampleSource, bank: [Int]?, in context: RunContext
  ) throws -> (part: EnsembleModel.Part, own: [Float]) {
    try fit(detector, source, bank: bank, in: context)
  }

  private func fit(
    _ detector: some Detector, _ source: any SampleSource, bank: [Int]?,
    in context: RunContext
  ) throws -> (part: EnsembleModel.Part, own: [Float]) {
    let steps = context.parts([4, 4, 1])
    let model = try detector.fit(
      try bank.map { try source.finite(rows: $0) } ?? source, in: steps[0])
    if let leaving = model.leavingOneOut {
      let kept = try leaving.leaveOneOutScores(in: steps[1])
      var own = kept
      if let bank {
        own = [Float](repeating: 0, count: source.rows)
        let inBank = Set(bank)
        let others = (0..<source.rows).filter { !inBank.contains($0) }
        let scores = try model.scores(
          for: SelectedRows(source: source, indices: others), in: steps[2])
        for (row, score) in zip(bank + others, kept + scores) {
          own[row] = score
        }
      }
      return (EnsembleModel.Part(self, model, calibratedWith: kept), own)
    }
    let own = try model.scores(for: source, in: steps[2])
    // The model has told what there is to tell of the samples.
    var quiet = steps[1]
    quiet.progress = SilentProgress()
    let heldOut =
      source.rows < Self.fewestHeldOut
      ? own : try detector.heldOutScores(of: source, in: quiet)
    return (EnsembleModel.Part(self, model, calibratedWith: heldOut), own)
  }
}

extension ParameterDomain<[Ensemble.Member]> {
  fileprivate static var members: ParameterDomain {
    let names = Ensemble.Member.allCases.map(\.rawValue)
    return ParameterDomain(
      "some of \(names.joined(separator: ",")), none twice",
      read: { text in
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        let members = words.compactMap { Ensemble.Member(rawValue: "\($0)") }
        return members.count == words.count ? members : nil
      },
      text: { $0.map(\.rawValue).joined(separator: ",") },
      contains: { !$0.isEmpty && Set($0).count == $0.count })
  }
}
