import Detectors
import Execution
import LinearAlgebra

extension ConformanceCheck {
  static let scores = ConformanceCheck(
    "Scores are finite, one a row, higher for an outlier than for the mean"
  ) { detector in
    let samples = ordinarySamples()
    let model = try detector.fit(samples, in: RunContext(seed: 1))
    try require(
      model.featureCount == samples.columns,
      "featureCount is \(model.featureCount) after a fit to"
        + " \(samples.columns) columns")
    try requireFinite(model.scores(for: samples), count: samples.rows)

    let mean = (0..<samples.columns).map { column in
      (0..<samples.rows).reduce(0) { $0 + samples[$1, column] }
        / Float(samples.rows)
    }
    let outlier = mean.indices.map { mean[$0] + ($0 % 2 == 0 ? 50 : -50) }
    let pair = try model.scores(for: Matrix([mean, outlier]))
    try require(
      pair.count == 2 && pair[0] < pair[1],
      "the mean and a far outlier score \(pair)")
  }

  static let reproducibility = ConformanceCheck(
    "The same seed gives the same bits, for one thread and for two"
  ) { detector in
    let samples = ordinarySamples(rows: 700)
    let scores = try [1, 2, 2].map { threads in
      let context = RunContext(seed: 5, threadCount: threads)
      return try detector.fit(samples, in: context)
        .scores(for: samples, in: context)
    }
    try require(scores[1] == scores[2], "two runs with two threads differ")
    try require(scores[0] == scores[1], "one thread and two threads differ")
  }

  static let permutation = ConformanceCheck(
    "Permuting the training rows changes no more than another seed does"
  ) { detector in
    let samples = ordinarySamples()
    func scores(_ training: Matrix, seed: UInt64) throws -> [Float] {
      let scores = try detector.fit(training, in: RunContext(seed: seed))
        .scores(for: samples)
      try requireFinite(scores, count: samples.rows)
      return scores
    }
    func distance(_ first: [Float], _ second: [Float]) -> Float {
      zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let plain = try scores(samples, seed: 1)
    let seedSpread = try (2...4).map {
      distance(plain, try scores(samples, seed: $0))
    }.max()
    var generator = SeededGenerator(seed: 9)
    let permuted = samples.selecting(
      rows: generator.sample(samples.rows, below: samples.rows))
    let permutationSpread = distance(plain, try scores(permuted, seed: 1))
    // Solvers stop at a tolerance of 1e-3 and sums round in another order.
    let tolerance = 1e-3 * plain.reduce(0) { $0 + abs($1) }
    try require(
      permutationSpread <= 1.5 * (seedSpread ?? 0) + tolerance,
      "the scores differ by \(permutationSpread) in sum, of other seeds by"
        + " \(seedSpread ?? 0)")
  }

  static let streaming = ConformanceCheck(
    "Rows that are read in blocks get the same scores"
  ) { detector in
    let samples = ordinarySamples(rows: 5000)
    let training = ordinarySamples(rows: 100)
    let model = try detector.fit(training, in: RunContext())
    let streamed = try detector.fit(RowsOnDemand(training), in: RunContext())
    let scores = try streamed.scores(for: RowsOnDemand(samples))
    try require(
      scores == model.scores(for: samples), "the scores differ")
  }

  static let localization = ConformanceCheck(
    "Heat maps are as large as the pictures, with the scores' own bits"
  ) { detector in
    let samples = ordinarySamples()
    let model = try detector.fit(samples, in: RunContext(seed: 6))
    guard let localizing = model.localizing else { return }
    let shape = ImageShape(height: 2, width: 5, channels: 1)
    for samples in [samples, samples.selecting(rows: 0..<1)] {
      let found = try localizing.localization(
        of: samples, in: RunContext(imageShape: shape))
      try require(
        found.maps.rows == samples.rows && found.maps.columns == 10,
        "\(samples.rows) pictures of 10 pixels have \(found.maps.rows) maps of"
          + " \(found.maps.columns)")
      try requireFinite(found.maps.values, count: samples.rows * 10)
      try require(
        found.scores == model.scores(for: samples), "the scores differ")
    }
  }

  static func unusualSamples(_ unusual: UnusualSamples) -> ConformanceCheck {
    ConformanceCheck("Samples are scored when there are \(unusual.name)") {
      detector in
      let model = try detector.fit(unusual.samples, in: RunContext())
      try requireFinite(
        model.scores(for: unusual.samples), count: unusual.samples.rows)
    }
  }

  static let oneRow = ConformanceCheck(
    "One row is learned from, or is said to be too few"
  ) { detector in
    let samples = ordinarySamples(rows: 1)
    do {
      let model = try detector.fit(samples, in: RunContext())
      try requireFinite(model.scores(for: samples), count: 1)
    } catch DetectorFault.tooFewSamples {
    }
  }
}

func requireFinite(_ scores: [Float], count: Int) throws {
  try require(
    scores.count == count, "\(count) rows have \(scores.count) scores")
  if let row = scores.firstIndex(where: { !$0.isFinite }) {
    try require(false, "the score of row \(row) is \(scores[row])")
  }
}
