import Execution
import Files
import LinearAlgebra
import ONNX

/// Training samples and how dense they lie.
///
/// With the k training samples o nearest to a sample x, the reachability
/// distance of x from o is the distance, but at least that of o to its own k-th
/// neighbour. The density at x is the inverse of their mean, and the score the
/// mean density at the neighbours divided by that at x: about 1 in the midst of
/// others, higher where it is sparser than around the neighbours. Any sample
/// that is scored counts all training samples, an equal one too;
/// `leaveOneOutScores` are those of the training samples without themselves.
public struct LocalOutlierFactorModel: LeaveOneOutModel {
  /// The training samples, one a row.
  public let samples: Matrix
  /// How many neighbours are looked at.
  public let nNeighbors: Int
  /// The distance of every training sample to its k-th neighbour.
  @Tensor public private(set) var reaches: [Double]
  /// The density at every training sample.
  @Tensor public private(set) var densities: [Double]
  /// The score of every training sample, of which it is no neighbour itself.
  @Tensor private var ownScores: [Float]

  public var featureCount: Int { samples.columns }

  init(_ samples: Matrix, nNeighbors: Int, in context: RunContext) throws {
    self.samples = samples
    self.nNeighbors = nNeighbors
    let neighbors = try NeighborSearch(in: samples, count: nNeighbors)
      .neighborsOfRows(stage: "neighbours", in: context)
    let groups = Parallel.blocks(neighbors.count, size: nNeighbors)
    let reaches = groups.map {
      neighbors[$0.upperBound - 1].square.squareRoot()
    }
    let densities = groups.map { density(of: neighbors[$0], reaches: reaches) }
    self.reaches = reaches
    self.densities = densities
    ownScores = zip(groups, densities).map {
      factor(density: $1, of: neighbors[$0], densities: densities)
    }
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let neighbors = try NeighborSearch(in: self.samples, count: nNeighbors)
      .neighbors(of: samples, stage: "scoring", in: context)
    return Parallel.blocks(neighbors.count, size: nNeighbors).map {
      factor(
        density: density(of: neighbors[$0], reaches: reaches),
        of: neighbors[$0], densities: densities)
    }
  }

  public func scoreLeavingOneOut(in context: RunContext) -> [Float] {
    ownScores
  }
}

/// What keeps the density of samples that have k equal ones finite, as in
/// scikit-learn.
private let leastReach = 1e-10

/// The inverse of the mean reachability distance from some neighbours.
private func density(
  of neighbors: ArraySlice<Neighbor>, reaches: [Double]
) -> Double {
  let sum = neighbors.reduce(0) {
    $0 + max($1.square.squareRoot(), reaches[$1.row])
  }
  return 1 / (sum / Double(neighbors.count) + leastReach)
}

private func factor(
  density: Double, of neighbors: ArraySlice<Neighbor>, densities: [Double]
) -> Float {
  let sum = neighbors.reduce(0) { $0 + densities[$1.row] }
  return Float(
    min(
      sum / Double(neighbors.count) / density,
      Double(Float.greatestFiniteMagnitude)))
}

extension LocalOutlierFactorModel {
  private enum CodingKeys: CodingKey {
    case samples
    case nNeighbors
    case reaches
    case densities
    case ownScores
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together or hold impossible numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    samples = try container.decode(Matrix.self, forKey: .samples)
    nNeighbors = try container.decode(Int.self, forKey: .nNeighbors)
    _reaches = try container.decode(Tensor<Double>.self, forKey: .reaches)
    _densities = try container.decode(Tensor<Double>.self, forKey: .densities)
    _ownScores = try container.decode(Tensor<Float>.self, forKey: .ownScores)
    guard
      samples.columns > 0, samples.rows > 1,
      1..<samples.rows ~= nNeighbors, samples.firstNonFinite() == nil,
      reaches.count == samples.rows, densities.count == samples.rows,
      ownScores.count == samples.rows,
      reaches.allSatisfy({ $0 >= 0 && $0.isFinite }),
      densities.allSatisfy({ $0 > 0 && $0.isFinite }),
      ownScores.allSatisfy(\.isFinite)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the samples and densities do not agree"))
    }
  }
}

extension LocalOutlierFactorModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let (distances, rows) = ONNXRows(self.samples)
      .nearest(nNeighbors, to: samples, in: &graph)
    func mean(_ value: ONNXGraph.Value) -> ONNXGraph.Value {
      graph("ReduceMean", value, attributes: ["axes": [1], "keepdims": 0])
    }
    let reached = graph(
      "Max", distances, graph("Gather", graph.constant(reaches), rows))
    let inverse = graph(
      "Add", mean(reached), graph.constant([leastReach], shape: []))
    return graph.singles(
      graph(
        "Mul", mean(graph("Gather", graph.constant(densities), rows)), inverse))
  }
}
