import Execution
import LinearAlgebra
import ONNX

/// Training samples that others are compared with.
///
/// The score of a sample is one of the Euclidean distances to the training
/// samples nearest to it, or their mean. Any sample that is scored counts all
/// training samples, an equal one too, at distance 0; `leaveOneOutScores` are
/// those of the training samples, without themselves.
public struct NeighborDistanceModel: LeaveOneOutModel, AttributingModel {
  /// The training samples, one a row.
  public let samples: Matrix
  /// How many of them are looked at.
  public let nNeighbors: Int
  /// What is made of the distances to them.
  public let distance: NeighborDistance.Statistic

  public var featureCount: Int { samples.columns }

  init(
    samples: Matrix, nNeighbors: Int, distance: NeighborDistance.Statistic
  ) {
    self.samples = samples
    self.nNeighbors = nNeighbors
    self.distance = distance
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    scores(
      try NeighborSearch(in: self.samples, count: nNeighbors)
        .neighbors(of: samples, stage: "scoring", in: context),
      count: nNeighbors)
  }

  /// A single training sample, which has no others, scores 0.
  public func scoreLeavingOneOut(in context: RunContext) throws -> [Float] {
    let count = min(nNeighbors, samples.rows - 1)
    guard count > 0 else { return [0] }
    return scores(
      try NeighborSearch(in: samples, count: count)
        .neighborsOfRows(stage: "scoring", in: context),
      count: count)
  }

  /// Parts of the squared distance to the neighbour whose distance is the
  /// score, or their sum over all neighbours for a mean.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    let neighbors = try NeighborSearch(in: self.samples, count: nNeighbors)
      .neighbors(of: samples, stage: "reasons", in: context)
    var parts = Matrix(rows: samples.rows, columns: samples.columns)
    for row in 0..<samples.rows {
      for place in counted {
        let neighbor = neighbors[row * nNeighbors + place].row
        for column in 0..<samples.columns {
          let difference =
            samples[row, column] - self.samples[neighbor, column]
          parts[row, column] += difference * difference
        }
      }
    }
    return parts
  }

  /// Which of the distances to the neighbours, the nearest first, make a score:
  /// their mean.
  private var counted: Range<Int> {
    switch distance {
    case .largest: nNeighbors - 1..<nNeighbors
    case .mean: 0..<nNeighbors
    case .median: (nNeighbors - 1) / 2..<nNeighbors / 2 + 1
    }
  }

  private func scores(_ neighbors: [Neighbor], count: Int) -> [Float] {
    Parallel.blocks(neighbors.count, size: count).map { range in
      let distances = neighbors[range].map(\.distance)
      let score =
        switch distance {
        case .largest: distances[count - 1]
        case .mean: distances.reduce(0, +) / Double(count)
        case .median: (distances[(count - 1) / 2] + distances[count / 2]) / 2
        }
      return Float(min(score, Double(Float.greatestFiniteMagnitude)))
    }
  }
}

extension NeighborDistanceModel {
  private enum CodingKeys: CodingKey {
    case samples
    case nNeighbors
    case distance
  }

  /// - Throws: `DecodingError.dataCorrupted` when the samples are not finite,
  ///   or fewer than the neighbours.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    samples = try container.decode(Matrix.self, forKey: .samples)
    nNeighbors = try container.decode(Int.self, forKey: .nNeighbors)
    distance = try container.decode(
      NeighborDistance.Statistic.self, forKey: .distance)
    guard
      samples.columns > 0, samples.rows > 0,
      1...samples.rows ~= nNeighbors, samples.firstNonFinite() == nil
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the samples and neighbours do not agree"))
    }
  }
}

extension NeighborDistanceModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let (distances, _) = ONNXRows(self.samples)
      .nearest(nNeighbors, to: samples, in: &graph)
    let some = graph(
      "Gather", distances, graph.constant(Array(counted)),
      attributes: ["axis": 1])
    return graph.singles(
      graph("ReduceMean", some, attributes: ["axes": [1], "keepdims": 0]))
  }
}
