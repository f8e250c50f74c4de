import AnomalyKit
import Foundation

// Over random splits of clean rows: how many new ordinary rows lie above the
// threshold that `--false-alarms` makes, for every detector of tables. Prints a
// Markdown table; ends with 1 where a rate is above what was promised and two of
// its standard errors. The first argument is the number of splits.

let splits = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200
let (trainingRows, newRows) = (150, 300)
let rates = [0.1, 0.02]

let detectors = try DetectorCatalog.standard.descriptions.filter {
  ($0.group == .classical || $0.group == .further) && $0.pictureSide == nil
}.map { try DetectorCatalog.standard.detector(named: $0.name) }

print("| detector |", terminator: "")
for rate in rates { print(" promised \(rate) | within |", terminator: "") }
print("\n|---|", terminator: "")
print(String(repeating: "---|", count: 2 * rates.count))
var isKept = true
for detector in detectors {
  var alarms = [Int](repeating: 0, count: rates.count)
  for split in 0..<splits {
    let rows = clouds(rows: trainingRows + newRows, seed: UInt64(split))
    let train = samples(rows.selecting(rows: 0..<trainingRows))
    let new = samples(rows.selecting(rows: trainingRows..<rows.rows))
    let fitted = try Pipeline(detector: detector).fit(
      DatasetCategory(name: "clouds", train: train, test: new),
      trainingScores: .crossFitted, in: RunContext(seed: UInt64(split)))
    let scores = try fitted.scores(for: new)
    for (index, rate) in rates.enumerated() {
      let calibration = try fitted.calibration(FalseAlarmRate(rate))
      alarms[index] += scores.count { calibration.isExceeded(by: $0) }
    }
  }
  print("| `\(detector.name)` |", terminator: "")
  for (count, rate) in zip(alarms, rates) {
    let found = Double(count) / Double(newRows * splits)
    let most = rate + 2 * standardError(rate)
    if found > most { isKept = false }
    print(
      " \(four(found)) | \(four(most))\(found > most ? " (broken)" : "") |",
      terminator: "")
  }
  print("")
}
print(
  "\n\(splits) splits of \(trainingRows) training and \(newRows) new rows;"
    + " \"within\" is the rate and two of its standard errors.")
exit(isKept ? 0 : 1)

/// Two clouds in five columns that hang together, one of them with long tails.
func clouds(rows: Int, seed: UInt64) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  return Matrix(
    (0..<rows).map { _ in
      let isFar = generator.uniform() < 0.3
      let stretch = isFar ? exp(0.5 * generator.normal()) : 1
      let common = generator.normal()
      return (0..<5).map { column in
        let own = generator.normal()
        return Float(
          (isFar ? 4 : 0)
            + stretch * (column < 3 ? 0.8 * common + 0.6 * own : own))
      }
    })
}

func samples(_ matrix: Matrix) -> SampleSet {
  SampleSet(
    samples: (0..<matrix.rows).map { Sample(id: "\($0)", category: "clouds") },
    source: matrix)
}

/// Of the rate of false alarms over all splits: new rows are drawn, and the
/// threshold lies among training rows that were drawn.
func standardError(_ rate: Double) -> Double {
  (rate * (1 - rate) * (1 / Double(newRows) + 1 / Double(trainingRows + 1))
    / Double(splits)).squareRoot()
}

func four(_ value: Double) -> String { String(format: "%.4f", value) }
