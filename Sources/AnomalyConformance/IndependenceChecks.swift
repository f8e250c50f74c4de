import Detectors
import Execution
import LinearAlgebra

extension ConformanceCheck {
  static let batch = ConformanceCheck(
    "A sample scored alone scores as it does among others"
  ) { detector in
    let samples = ordinarySamples(rows: 40)
    let model = try detector.fit(ordinarySamples(), in: RunContext(seed: 3))
    let together = try model.scores(for: samples)
    try requireClose(
      try (0..<samples.rows).flatMap {
        try model.scores(for: samples.selecting(rows: $0..<$0 + 1))
      }, together)
  }

  static let order = ConformanceCheck(
    "The order in which samples are scored changes no score"
  ) { detector in
    let samples = ordinarySamples(rows: 40)
    let model = try detector.fit(ordinarySamples(), in: RunContext(seed: 3))
    try requireClose(
      try model.scores(
        for: samples.selecting(rows: (0..<samples.rows).reversed())),
      model.scores(for: samples).reversed())
  }

  static let duplicates = ConformanceCheck(
    "Samples that are scored twice at once keep their scores"
  ) { detector in
    let samples = ordinarySamples(rows: 40)
    let model = try detector.fit(ordinarySamples(), in: RunContext(seed: 3))
    let scores = try model.scores(for: samples)
    let twice = try model.scores(
      for: samples.selecting(rows: (0..<2 * samples.rows).map { $0 / 2 }))
    try requireClose(twice, scores.flatMap { [$0, $0] })
  }

  static let repetition = ConformanceCheck(
    "Scores are the same bits again, with another seed and other threads"
  ) { detector in
    let samples = ordinarySamples(rows: 700)
    let model = try detector.fit(samples, in: RunContext(seed: 3))
    let first = try model.scores(
      for: samples, in: RunContext(seed: 1, threadCount: 1))
    let second = try model.scores(
      for: samples, in: RunContext(seed: 2, threadCount: 2))
    try require(first == second, "the second scores differ")
  }

  static let learning = ConformanceCheck(
    "Other training samples make another model"
  ) { detector in
    let samples = ordinarySamples(rows: 60)
    let other = Matrix(
      rows: samples.rows, columns: samples.columns,
      values: samples.values.map { 3 - 2 * $0 })
    let scores = try [samples, other].map {
      try detector.fit($0, in: RunContext(seed: 3)).scores(for: samples)
    }
    try require(
      scores[0] != scores[1], "what was learned from makes no difference")
  }

  static let variety = ConformanceCheck(
    "Samples that differ do not all score the same"
  ) { detector in
    let samples = ordinarySamples()
    let scores = try detector.fit(samples, in: RunContext(seed: 3))
      .scores(for: plantedSamples())
    try require(
      Set(scores).count > 2,
      "\(scores.count) samples have \(Set(scores).count) different scores")
  }

  static let planted = ConformanceCheck(
    "Planted anomalies score higher than other samples"
  ) { detector in
    let samples = plantedSamples()
    let scores = try detector.fit(ordinarySamples(), in: RunContext(seed: 3))
      .scores(for: samples)
    let (ordinary, anomalies) = (scores.dropLast(20), scores.suffix(20))
    let pairs = anomalies.reduce(0.0) { sum, anomaly in
      ordinary.reduce(sum) {
        $0 + ($1 < anomaly ? 1 : $1 == anomaly ? 0.5 : 0)
      }
    }
    let share = pairs / Double(ordinary.count * anomalies.count)
    try require(
      share > 0.9,
      "of pairs of an anomaly and another sample \(share) are in order")
  }
}

/// Sixty further samples like those that were learned from, then twenty
/// anomalies.
private func plantedSamples() -> Matrix {
  let samples = ordinarySamples(rows: 380)
  var planted = samples.selecting(rows: 300..<380)
  for row in 60..<80 {
    for column in 0..<planted.columns {
      planted[row, column] += (row + column).isMultiple(of: 2) ? 12 : -12
    }
  }
  return planted
}

/// Numbers that differ by no more than sums in another order do.
private func requireClose(_ scores: [Float], _ expected: [Float]) throws {
  try requireFinite(scores, count: expected.count)
  let size = expected.reduce(0) { max($0, abs($1)) }
  for (row, pair) in zip(scores, expected).enumerated() {
    try require(
      abs(pair.0 - pair.1) <= 1e-4 * size,
      "the score of row \(row) is \(pair.0) instead of \(pair.1)")
  }
}
