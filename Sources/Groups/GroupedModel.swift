import Detectors
import Execution
import Files
import LinearAlgebra

/// A model for every group, with scores that are comparable.
public struct GroupedModel<Member: AnomalyModel>: GroupingModel, HeldOutModel,
  ExplainedModel
{
  /// One group.
  struct Part: Codable, Sendable {
    let model: Member
    /// The training samples.
    let count: Int
    /// Of training samples that the model did not learn from.
    @Tensor private(set) var heldOut: [Float]
    let score: RobustScale
    /// Of the highest values of the heat maps of training samples.
    let peak: RobustScale
  }

  private let groups: SampleGroups
  /// Of the pictures that samples are.
  private let shape: ImageShape?
  private let parts: [Part]

  init(groups: SampleGroups, shape: ImageShape?, parts: [Part]) {
    self.groups = groups
    self.shape = shape
    self.parts = parts
  }

  public var featureCount: Int { parts[0].model.featureCount }
  public var groupCount: Int { parts.count }

  public var heldOutScores: [Float] {
    parts.flatMap { part in part.heldOut.map(part.score.distance) }
  }

  /// The groups, and what is to be said of each.
  public var explanation: String? {
    let sizes = parts.map { "\($0.count)" }.joined(separator: ", ")
    let words = parts.map(\.model.inWords)
    let common = words.allSatisfy { $0 == words[0] } ? words[0] : nil
    return "\(parts.count) groups of alike training samples, found without"
      + " labels, each with a model of its own: \(sizes) samples."
      + (common.map { " " + $0 }
        ?? parts.indices.map { group in
          words[group].map { " Group \(group + 1): " + $0 } ?? ""
        }.joined())
  }

  public func groups(
    of samples: any SampleSource, in context: RunContext
  ) throws -> [Int] {
    try groups.places(of: samples, in: shaped(context)).map(\.group)
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    var scores = [Float](repeating: 0, count: samples.rows)
    try forEachGroup(of: samples, in: context) { part, rows, excess, context in
      let own = try part.model.score(samples.selecting(rows: rows), in: context)
      for (row, score) in zip(rows, own) {
        scores[row] = part.score.distance(score) + excess[row]
      }
    }
    return scores
  }

  /// Calls `body` with every group that some samples are of, and these.
  private func forEachGroup(
    of samples: Matrix, in context: RunContext,
    _ body: (
      _ part: Part, _ rows: [Int], _ excess: [Float], _ context: RunContext
    ) throws -> Void
  ) throws {
    let context = shaped(context)
    let places = try groups.places(of: samples, in: context)
    for group in parts.indices {
      let rows = places.indices.filter { places[$0].group == group }
      guard !rows.isEmpty else { continue }
      try body(parts[group], rows, places.map(\.excess), context)
    }
  }

  private func shaped(_ context: RunContext) -> RunContext {
    var context = context
    context.imageShape = shape
    return context
  }
}

extension GroupedModel.Part {
  /// The most training pictures whose heat maps are looked at.
  private static var mostMaps: Int { 32 }

  /// - Parameters:
  ///   - heldOut: Scores of training samples that the model did not learn from.
  ///   - samples: Those of the group.
  init(
    _ model: Member, heldOut: [Float], of samples: any SampleSource,
    in context: RunContext
  ) throws {
    self.model = model
    self.heldOut = heldOut
    count = samples.rows
    score = RobustScale(heldOut)
    var peaks = model.leftOutScores?.peaks ?? []
    if peaks.isEmpty, context.imageShape != nil,
      let model = model.localizing, model.comparesMaps
    {
      let maps = try model.localization(
        of: samples.matrix(
          ofRows: Array((0..<samples.rows).prefix(Self.mostMaps))), in: context
      ).maps
      peaks = (0..<maps.rows).map { maps.row($0).max() ?? 0 }
    }
    peak = peaks.isEmpty ? score : RobustScale(peaks)
  }

  fileprivate var isWhole: Bool {
    score.isWhole && peak.isWhole && count > 0
      && heldOut.allSatisfy(\.isFinite)
  }
}

extension GroupedModel: LocalizingModel where Member: LocalizingModel {
  public var comparesMaps: Bool {
    parts.allSatisfy(\.model.comparesMaps)
  }

  /// Maps of each group on the scale of its training pictures' peaks.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    var scores = [Float](repeating: 0, count: samples.rows)
    var maps: [[Float]] = Array(repeating: [], count: samples.rows)
    try forEachGroup(of: samples, in: context) { part, rows, excess, context in
      let own = try part.model.localize(
        samples.selecting(rows: rows), in: context)
      for (place, row) in rows.enumerated() {
        scores[row] = part.score.distance(own.scores[place]) + excess[row]
        maps[row] = own.maps.row(place).map(part.peak.distance)
      }
    }
    return Localization(
      scores: scores,
      maps: Matrix(
        rows: samples.rows, columns: maps.first?.count ?? 0,
        values: maps.flatMap { $0 }))
  }
}

extension GroupedModel: CalibratingModel where Member: CalibratingModel {
  public var leftOut: LeftOutScores {
    LeftOutScores(
      scores: heldOutScores,
      peaks: parts.flatMap { part in
        part.model.leftOut.peaks.map(part.peak.distance)
      })
  }
}

extension GroupedModel {
  private enum CodingKeys: CodingKey {
    case groups
    case shape
    case parts
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    groups = try container.decode(SampleGroups.self, forKey: .groups)
    shape = try container.decodeIfPresent(ImageShape.self, forKey: .shape)
    parts = try container.decode([Part].self, forKey: .parts)
    guard
      groups.isWhole, groups.count == parts.count,
      parts.allSatisfy({
        $0.isWhole && $0.model.featureCount == featureCount
      }),
      groups.takes(featureCount: featureCount, shape: shape)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the groups and their models do not fit together"))
    }
  }
}
