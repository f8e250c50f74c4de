import Detectors
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

/// Overlapping clouds of points whose spread falls from feature to feature.
private func clouds(
  rows: Int, columns: Int, count: Int, seed: UInt64 = 1
) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  let spreads = (0..<columns).map { 1 / (1 + 0.1 * Double($0)) }
  let centres = (0..<count).map { _ in spreads.map { $0 * generator.normal() } }
  var samples = Matrix(rows: rows, columns: columns)
  for row in 0..<rows {
    let centre = centres[row % count]
    for column in 0..<columns {
      samples[row, column] = Float(
        5 + centre[column] + spreads[column] * generator.normal())
    }
  }
  return samples
}

private func fit(
  _ detector: KMeansDistance, _ samples: Matrix, seed: UInt64 = 0,
  threads: Int = 2
) throws -> KMeansDistanceModel {
  try detector.fit(
    samples, in: RunContext(seed: seed, threadCount: threads))
}

private func squaredDistance(
  _ a: some Sequence<Float>, _ b: some Sequence<Float>
) -> Double {
  zip(a, b).reduce(0) {
    let difference = Double($1.0) - Double($1.1)
    return $0 + difference * difference
  }
}

/// Lloyd's iteration as the textbook has it, in double precision.
private func textbook(
  _ samples: Matrix, from initial: Matrix, iterations: Int
) -> (centroids: [[Double]], inertia: Double) {
  var centroids = (0..<initial.rows).map { initial.row($0).map(Double.init) }
  let points = (0..<samples.rows).map { samples.row($0).map(Double.init) }
  func nearest(_ point: [Double]) -> (cluster: Int, square: Double) {
    var best = (cluster: 0, square: Double.infinity)
    for (cluster, centroid) in centroids.enumerated() {
      var square = 0.0
      for index in point.indices {
        let difference = point[index] - centroid[index]
        square += difference * difference
      }
      if square < best.square { best = (cluster, square) }
    }
    return best
  }
  for _ in 0..<iterations {
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: samples.columns),
      count: initial.rows)
    var counts = [Double](repeating: 0, count: initial.rows)
    for point in points {
      let cluster = nearest(point).cluster
      counts[cluster] += 1
      for index in point.indices { sums[cluster][index] += point[index] }
    }
    for cluster in counts.indices where counts[cluster] > 0 {
      centroids[cluster] = sums[cluster].map { $0 / counts[cluster] }
    }
  }
  return (centroids, points.reduce(0) { $0 + nearest($1).square })
}

@Suite("k-means distance")
struct KMeansDistanceTests {
  // sklearn.cluster.KMeans(4, init=X[:4], n_init=1) of scikit-learn 1.9.1 on
  // the same table.
  @Test("60 x 5, a given start: the figures of scikit-learn")
  func reference() throws {
    let samples = table(rows: 60, columns: 5)
    let model = try fit(
      KMeansDistance(
        nClusters: 4, initialCentroids: samples.selecting(rows: 0..<4)),
      samples)
    #expect(model.iterations == 3)
    #expect(model.counts == [10, 12, 20, 18])
    #expect(abs(model.inertia / 14.368494987487793 - 1) < 1e-6)
    let centroid: [Float] = [
      0.29900991916656494, 0.17623764276504517, 0.21287131309509277,
      0.20891086757183075, 0.264356404542923,
    ]
    #expect(squaredDistance(model.centroids.row(0), centroid) < 1e-12)
    let scores: [Float] = [
      0.40993332862854004, 0.40262335538864136, 0.26770099997520447,
      0.43912479281425476, 0.45529904961586,
    ]
    #expect(
      squaredDistance(try model.scores(for: samples).prefix(5), scores)
        < 1e-12)
  }

  @Test("An empty cluster gets the farthest sample, as in scikit-learn")
  func emptyCluster() throws {
    let samples = table(rows: 60, columns: 5)
    var initial = samples.selecting(rows: 0..<4)
    for column in 0..<5 { initial[3, column] = 9 }
    let model = try fit(
      KMeansDistance(nClusters: 4, initialCentroids: initial), samples)
    #expect(model.iterations == 6)
    #expect(model.counts == [11, 16, 26, 7])
    #expect(abs(model.inertia / 14.315899848937988 - 1) < 1e-6)
  }

  @Test(
    "Bounds change nothing: every iteration is that of the textbook",
    arguments: [1, 2, 4, 7])
  func bounds(iterations: Int) throws {
    // Enough rows and columns for the subspace.
    let samples = clouds(rows: 5000, columns: 150, count: 12)
    let initial = samples.selecting(rows: 0..<10)
    let expected = textbook(samples, from: initial, iterations: iterations)
    let model = try fit(
      KMeansDistance(
        nClusters: 10, maxIterations: iterations, tolerance: 0,
        initialCentroids: initial),
      samples)
    #expect(model.iterations == iterations)
    #expect(abs(model.inertia / expected.inertia - 1) < 1e-6)
    for cluster in 0..<10 {
      #expect(
        squaredDistance(
          model.centroids.row(cluster),
          expected.centroids[cluster].map(Float.init)) < 1e-8)
    }
  }

  @Test("Inertia never rises from one iteration to the next")
  func monotone() throws {
    let samples = clouds(rows: 4200, columns: 130, count: 7)
    let initial = samples.selecting(rows: 0..<9)
    let inertias = try (1...15).map {
      try fit(
        KMeansDistance(
          nClusters: 9, maxIterations: $0, tolerance: 0,
          initialCentroids: initial),
        samples
      ).inertia
    }
    for (earlier, later) in zip(inertias, inertias.dropFirst()) {
      #expect(later <= earlier * (1 + 1e-7))
    }
    #expect(inertias[14] < inertias[0])
  }

  @Test(
    "At rest, centroids are the means of the samples nearest to them",
    arguments: [(500, 6), (4500, 140)])
  func centroidsAreMeans(rows: Int, columns: Int) throws {
    let samples = clouds(rows: rows, columns: columns, count: 5)
    let model = try fit(KMeansDistance(nClusters: 5, tolerance: 0), samples)
    let initial = model.centroids
    let next = textbook(samples, from: initial, iterations: 1)
    for cluster in 0..<5 {
      #expect(
        squaredDistance(
          initial.row(cluster), next.centroids[cluster].map(Float.init))
          < 1e-9)
    }
    #expect(abs(model.inertia / next.inertia - 1) < 1e-6)
    let scores = try model.scores(for: samples)
    let sum = scores.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(sum / model.inertia - 1) < 1e-5)
  }

  @Test("Well separated clusters are found from random starts")
  func separated() throws {
    var samples = clouds(rows: 400, columns: 3, count: 1)
    for row in 0..<400 { samples[row, 0] += Float(row % 8) * 100 }
    for seed in 0..<5 {
      let model = try fit(
        KMeansDistance(nClusters: 8), samples, seed: UInt64(seed))
      #expect(model.counts == [Int](repeating: 50, count: 8))
    }
  }

  @Test("More starts never end with more inertia")
  func starts() throws {
    let samples = clouds(rows: 300, columns: 4, count: 12)
    let one = try fit(KMeansDistance(nClusters: 12, nInit: 1), samples)
    let ten = try fit(KMeansDistance(nClusters: 12, nInit: 10), samples)
    #expect(ten.inertia <= one.inertia)
  }

  @Test("In units of spread, a tight cluster finds small distances strange")
  func spread() throws {
    // Around 0 within 0.1, around 100 within 10.
    let samples = Matrix(
      [[-0.1], [0.1], [-0.1], [0.1], [90], [110], [90], [110]])
    let start = Matrix([[0], [100]])
    let queries = Matrix([[1], [105]])
    let plain = try fit(
      KMeansDistance(nClusters: 2, initialCentroids: start), samples)
    #expect(try plain.scores(for: queries) == [1, 5])
    let scaled = try fit(
      KMeansDistance(nClusters: 2, scaling: .spread, initialCentroids: start),
      samples)
    // The pooled mean square is (4 x 0.01 + 4 x 100) / 8 = 50.005.
    let tight = ((0.04 + 50.005) / 5).squareRoot()
    let wide = ((400 + 50.005) / 5).squareRoot()
    let scores = try scaled.scores(for: queries)
    #expect(abs(Double(scores[0]) - 1 / tight) < 1e-6)
    #expect(abs(Double(scores[1]) - 5 / wide) < 1e-6)
  }

  @Test(
    "One, two and three threads give the same bits",
    arguments: [(700, 9), (13_000, 160)], [2, 3]
  )
  func threads(size: (rows: Int, columns: Int), threads: Int) throws {
    let samples = clouds(rows: size.rows, columns: size.columns, count: 6)
    let detector = KMeansDistance(nClusters: 6, scaling: .spread)
    let one = try fit(detector, samples, threads: 1)
    let more = try fit(detector, samples, threads: threads)
    #expect(one.centroids == more.centroids)
    #expect(one.scales == more.scales)
    let first = try Parallel.$threadCount.withValue(1) {
      try one.scores(for: samples)
    }
    #expect(try more.scores(for: samples) == first)
  }

  @Test("A saved model and a saved detector give the same bits")
  func saving() throws {
    let samples = table(rows: 60, columns: 5)
    let detector = KMeansDistance(
      nClusters: 4, scaling: .spread,
      initialCentroids: samples.selecting(rows: 0..<4))
    #expect(
      try Safetensors(encoding: detector).decode(KMeansDistance.self)
        == detector)
    let model = try fit(detector, samples)
    let restored = try Safetensors(encoding: model)
      .decode(KMeansDistanceModel.self)
    #expect(try restored.scores(for: samples) == model.scores(for: samples))
  }

  @Test("A saved model whose arrays disagree is refused")
  func editedModel() throws {
    let json = """
      {"centroids":{"rows":1,"columns":2,"values":[0,0]},"counts":[1],
      "inertia":0,"iterations":1,"scales":[1,1]}
      """
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(
        KMeansDistanceModel.self, from: Data(json.utf8))
    }
  }

  @Test("Fewer distinct samples than clusters leave clusters empty")
  func duplicates() throws {
    let samples = Matrix([[1, 1], [1, 1], [1, 1], [2, 5], [2, 5]])
    for seed in 0..<4 {
      let model = try fit(
        KMeansDistance(nClusters: 4, scaling: .spread), samples,
        seed: UInt64(seed))
      #expect(model.inertia == 0)
      #expect(model.counts.reduce(0, +) == 5)
      #expect(
        try model.scores(for: Matrix([[1, 1], [2, 5], [4, 5]])) == [0, 0, 2])
    }
  }

  @Test("One sample, one feature, constant columns and n < d work")
  func degenerate() throws {
    let single = try fit(KMeansDistance(nClusters: 1), Matrix([[3, 4]]))
    #expect(try single.scores(for: Matrix([[0, 0]])) == [5])
    let line = try fit(
      KMeansDistance(nClusters: 2), Matrix([[1], [2], [11], [12]]))
    #expect(Set(line.centroids.values) == [1.5, 11.5])
    let constant = try fit(
      KMeansDistance(nClusters: 2), Matrix([[1, 7], [2, 7], [11, 7]]))
    #expect(try constant.scores(for: Matrix([[11, 9]])) == [2])
    let wide = clouds(rows: 6, columns: 300, count: 2)
    let model = try fit(KMeansDistance(nClusters: 6), wide)
    #expect(try model.scores(for: wide).allSatisfy { $0 < 1e-5 })
  }

  @Test("Samples far from zero cluster as they do near it")
  func offset() throws {
    let near = clouds(rows: 300, columns: 4, count: 3)
    var far = near
    for row in 0..<300 {
      for column in 0..<4 {
        // Steps of 1/64 are exact in single precision up to 2^18.
        let step = (near[row, column] * 64).rounded() / 64
        far[row, column] = step + 65536
      }
    }
    let initial = Array(0..<3)
    let model = try fit(
      KMeansDistance(
        nClusters: 3, initialCentroids: far.selecting(rows: initial)), far)
    let expected = textbook(
      far, from: far.selecting(rows: initial), iterations: model.iterations)
    #expect(abs(model.inertia / expected.inertia - 1) < 1e-3)
  }

  @Test(
    "The unit of the features changes nothing but the unit of the scores",
    arguments: [1e-30, 1e-15, 1e15, 1e30] as [Float])
  func units(unit: Float) throws {
    let samples = clouds(rows: 300, columns: 40, count: 3)
    let scaled = Matrix(
      rows: 300, columns: 40, values: samples.values.map { $0 * unit })
    let (model, other) = try (
      fit(
        KMeansDistance(
          nClusters: 3, initialCentroids: samples.selecting(rows: 0..<3)),
        samples),
      fit(
        KMeansDistance(
          nClusters: 3, initialCentroids: scaled.selecting(rows: 0..<3)),
        scaled)
    )
    #expect(other.counts == model.counts)
    #expect(other.inertia.isFinite)
    expectClose(
      try other.scores(for: scaled).map { $0 / unit },
      try model.scores(for: samples))
  }

  @Test("What cannot be fitted is refused by name")
  func faults() throws {
    let samples = table(rows: 6, columns: 4)
    for (name, detector) in [
      ("n-clusters", KMeansDistance(nClusters: 0)),
      ("n-init", KMeansDistance(nClusters: 2, nInit: 0)),
      ("max-iter", KMeansDistance(nClusters: 2, maxIterations: 0)),
      ("tolerance", KMeansDistance(nClusters: 2, tolerance: -1)),
      ("tolerance", KMeansDistance(nClusters: 2, tolerance: .nan)),
      (
        "initial-centroids",
        KMeansDistance(
          nClusters: 2, initialCentroids: Matrix(rows: 2, columns: 3))
      ),
    ] {
      #expect {
        _ = try fit(detector, samples)
      } throws: { error in
        guard case .impossible(let option, _, _)? = error as? ParameterFault
        else { return false }
        return option.name == name
      }
    }
    let detector = KMeansDistance(nClusters: 1)
    #expect(throws: DetectorFault.tooFewSamples(count: 0, needed: 1)) {
      try fit(detector, Matrix(rows: 0, columns: 3))
    }
    #expect(throws: DetectorFault.noFeatures) {
      try fit(detector, Matrix(rows: 3, columns: 0))
    }
    #expect(throws: DetectorFault.nonFiniteValue(row: 1, column: 0)) {
      try fit(detector, Matrix([[1, 2], [.infinity, 1]]))
    }
    let model = try fit(detector, samples)
    #expect(
      throws: DetectorFault.wrongFeatureCount(actual: 3, expected: 4)
    ) {
      try model.scores(for: Matrix(rows: 1, columns: 3))
    }
    var context = RunContext()
    context.memoryBudget = 64
    #expect(throws: DetectorFault.self) {
      try detector.fit(samples, in: context)
    }
  }

  @Test("A cancelled fit throws CancellationError")
  func cancelling() throws {
    let context = RunContext()
    context.cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try KMeansDistance(nClusters: 2)
        .fit(table(rows: 60, columns: 5), in: context)
    }
  }
}
