import AnomalyKit

// docs: detector
/// The distance to the k-th nearest training sample.
struct NearestNeighbor: Detector {
  var k = 1

  func fit(_ samples: Matrix, in context: RunContext) throws -> Model {
    guard k >= 1 else {
      throw DetectorFault.invalidHyperparameter(
        name: "k", value: "\(k)", allowed: "1 or more")
    }
    guard samples.rows >= k else {
      throw DetectorFault.tooFewSamples(count: samples.rows, needed: k)
    }
    return Model(k: k, samples: samples)
  }

  struct Model: AnomalyModel {
    var k: Int
    var samples: Matrix

    var featureCount: Int { samples.columns }

    func scores(for others: Matrix) throws -> [Float] {
      guard others.columns == featureCount else {
        throw DetectorFault.wrongFeatureCount(
          actual: others.columns, expected: featureCount)
      }
      return (0..<others.rows).map { other in
        (0..<samples.rows)
          .map { distance(others.row(other), samples.row($0)) }
          .sorted()[k - 1]
      }
    }
  }
}

private func distance(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Float {
  zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}
// docs: end
