import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// Models whose scores are made comparable.
///
/// With the tail probability p of each member's score, see `TailProbability`,
/// the score is the negative logarithm of their harmonic mean,
/// -log(K / Σ 1/p) of K members (Wilson, "The harmonic mean p-value for
/// combining dependent tests", PNAS 2019): a sample is strange where one member
/// finds it so, and stranger where several do.
public struct EnsembleModel: LeaveOneOutModel, AttributingModel {
  /// A member and the scale of its scores.
  struct Part: Sendable {
    let member: Ensemble.Member
    let model: any AnomalyModel
    let tail: TailProbability

    init(
      _ member: Ensemble.Member, _ model: some AnomalyModel,
      calibratedWith scores: [Float]
    ) {
      self.member = member
      self.model = model
      tail = TailProbability(among: scores)
    }
  }

  private let parts: [Part]
  /// Of every training sample, left out where members can do so.
  @Tensor private var leftOut: [Float]
  private let sampleCount: Int

  init(_ parts: [Part], leftOut: [Float]) {
    self.parts = parts
    self.leftOut = leftOut
    sampleCount = leftOut.count
  }

  public var featureCount: Int { parts[0].model.featureCount }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    Self.combined(
      parts, try parts.map { try $0.model.score(samples, in: context) })
  }

  public func scoreLeavingOneOut(in context: RunContext) -> [Float] { leftOut }

  /// What the members tell, weighted by their part of Σ 1/p.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    var sums = Matrix(rows: samples.rows, columns: samples.columns)
    for part in parts {
      let logarithms = try part.model.score(samples, in: context).map(
        part.tail.negativeLogarithm)
      let shares = try part.model.attributions(
        of: samples, usual: usual, in: context)
      for row in 0..<samples.rows {
        let total = shares.row(row).reduce(0) { $0 + max($1, 0) }
        guard total > 0 else { continue }
        let weight = Float(exp(min(logarithms[row], 80))) / total
        for column in 0..<samples.columns {
          sums[row, column] += weight * max(shares[row, column], 0)
        }
      }
    }
    return sums
  }

  static func combined(_ parts: [Part], _ scores: [[Float]]) -> [Float] {
    let count = scores.first?.count ?? 0
    return Parallel.fill(count, blockSize: 1024) { rows, result in
      for (place, row) in rows.enumerated() {
        let logarithms = parts.indices.map {
          parts[$0].tail.negativeLogarithm(of: scores[$0][row])
        }
        let largest = logarithms.max() ?? 0
        let sum = logarithms.reduce(0) { $0 + exp($1 - largest) }
        result.initializeElement(
          at: place,
          to: Float(largest + log(sum / Double(parts.count))))
      }
    }
  }
}

extension EnsembleModel.Part: Codable {
  private enum CodingKeys: CodingKey {
    case member
    case model
    case tail
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let member = try container.decode(Ensemble.Member.self, forKey: .member)
    func decodeModel<D: Detector>(of _: D) throws -> any AnomalyModel {
      try container.decode(D.Model.self, forKey: .model)
    }
    self.member = member
    let detector = member.detector
    model = try decodeModel(of: detector)
    tail = try container.decode(TailProbability.self, forKey: .tail)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(member, forKey: .member)
    try container.encode(model, forKey: .model)
    try container.encode(tail, forKey: .tail)
  }
}

extension EnsembleModel {
  private enum CodingKeys: CodingKey {
    case parts
    case leftOut
    case sampleCount
  }

  /// - Throws: `DecodingError.dataCorrupted` when the members do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    parts = try container.decode([Part].self, forKey: .parts)
    _leftOut = try container.decode(Tensor<Float>.self, forKey: .leftOut)
    sampleCount = try container.decode(Int.self, forKey: .sampleCount)
    guard
      let count = parts.first?.model.featureCount,
      parts.allSatisfy({ $0.tail.isWhole && $0.model.featureCount == count }),
      leftOut.count == sampleCount, sampleCount > 0,
      leftOut.allSatisfy(\.isFinite)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the members do not fit together"))
    }
  }
}

extension EnsembleModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) throws -> ONNXGraph.Value {
    let logarithms = try parts.map { part in
      guard let model = part.model.exporting else {
        throw ONNXFault.notExported(
          "the member \(part.member.rawValue)", reason: "it has no form there")
      }
      let scores = try model.addScores(of: samples, to: &graph)
      return graph.reshaped(
        part.tail.addNegativeLogarithm(of: scores, to: &graph), [-1, 1])
    }
    let sums = graph(
      "ReduceLogSumExp", graph("Concat", logarithms, attributes: ["axis": 1]),
      attributes: ["axes": [1], "keepdims": 0])
    return graph.singles(
      graph("Sub", sums, graph.constant([log(Double(parts.count))], shape: [])))
  }
}
