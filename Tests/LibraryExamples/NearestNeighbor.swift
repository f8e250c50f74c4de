import AnomalyKit

// docs: detector
/// The distance to the k-th nearest training sample.
struct NearestNeighbor: Detector {
  var nNeighbors = 1

  var parameters: [Parameter<Self>] {
    [
      Parameter("n-neighbors", \.nNeighbors, .count, "which neighbour counts")
    ]
  }

  static let description = DetectorDescription(
    "neighbor", "distance to the k-th neighbour", prototype: NearestNeighbor())

  func learn(
    from samples: any SampleSource, in context: RunContext
  ) throws -> Model {
    let samples = try samples.matrix(in: context)
    return Model(k: min(nNeighbors, samples.rows), samples: samples)
  }

  struct Model: AnomalyModel {
    var k: Int
    var samples: Matrix

    var featureCount: Int { samples.columns }

    func score(_ others: Matrix, in context: RunContext) throws -> [Float] {
      try (0..<others.rows).map { other in
        try context.cancellation.check()
        return (0..<samples.rows)
          .map { distance(others.row(other), samples.row($0)) }
          .sorted().prefix(max(k, 1)).last ?? 0
      }
    }
  }
}

private func distance(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Float {
  // Squares of single-precision numbers are at home in double precision.
  Float(
    zip(x, y).reduce(0.0) {
      let difference = Double($1.0) - Double($1.1)
      return $0 + difference * difference
    }.squareRoot())
}
// docs: end
