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

  static let invariance = ConformanceCheck(
    "Shifted and scaled samples keep their order where the detector says so"
  ) { detector in
    // So that no change rounds a sample.
    let samples = ordinarySamples().mapped { ($0 * 1024).rounded() / 1024 }
    func scores(_ samples: Matrix) throws -> [Float] {
      let scores = try detector.fit(samples, in: RunContext(seed: 3))
        .scores(for: samples)
      try requireFinite(scores, count: samples.rows)
      return scores
    }
    // Of scores that are nearer, sums in another order may decide.
    func order(_ first: Float, _ second: Float, among scores: [Float]) -> Int {
      let spread = (scores.max() ?? 0) - (scores.min() ?? 0)
      return abs(first - second) <= 1e-3 * spread ? 0 : first < second ? -1 : 1
    }
    let plain = try scores(samples)
    for (kind, change) in sampleChanges
    where detector.invariance.contains(kind) {
      var changed = samples
      for row in 0..<samples.rows {
        for column in 0..<samples.columns {
          changed[row, column] = change(samples[row, column], column)
        }
      }
      let found = try scores(changed)
      for row in 1..<samples.rows {
        let turned = (0..<row).first {
          order(plain[$0], plain[row], among: plain)
            * order(found[$0], found[row], among: found) < 0
        }
        try require(
          turned == nil,
          "rows \(turned ?? 0) and \(row) score \(plain[turned ?? 0]) and"
            + " \(plain[row]), after a change that is said to keep their order"
            + " \(found[turned ?? 0]) and \(found[row])")
      }
    }
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

/// Of a value and its column, without rounding.
private let sampleChanges: [(Invariance, @Sendable (Float, Int) -> Float)] = [
  (.shift, { value, column in value + Float(16 - 3 * column) }),
  (.scale, { value, _ in 8 * value }),
  (.featureScales, { value, column in value * Float(1 << (column % 4)) }),
]

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
