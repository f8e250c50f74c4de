import Execution
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

/// Rows that go on where the table of so many rows ends, stretched.
func stretchedRows(after rows: Int, columns: Int) -> Matrix {
  let longer = table(rows: rows + 6, columns: columns)
  return Matrix(
    rows: 6, columns: columns,
    values: longer.values.suffix(6 * columns).map { 2 * $0 - 0.5 })
}

@Suite("Nearest neighbours")
struct NeighborDistanceTests {
  /// Figures of PyOD 2.0.5, `KNN(n_neighbors=k, method=...)`, in double
  /// precision of the same table: `decision_scores_` of the first training rows
  /// and `decision_function` of the new ones.
  struct Reference: CustomTestStringConvertible, Sendable {
    var detector: NeighborDistance
    var training: [Double]
    var new: [Double]
    var testDescription: String {
      "\(detector.distance.rawValue) of \(detector.nNeighbors)"
    }
  }

  @Test(
    "60 x 7: the figures of PyOD",
    arguments: [
      Reference(
        detector: NeighborDistance(),
        training: [
          0.7753808945016484, 0.776139103456838, 0.7183507809056813,
          0.6676381142601306, 0.7403928554400887,
        ],
        new: [
          1.1964948292399593, 1.4736768163826324, 1.3785417855178517,
          1.3314439045329682, 1.5137104902351033, 1.3514670242141316,
        ]),
      Reference(
        detector: NeighborDistance(distance: .mean),
        training: [
          0.7194889295363777, 0.762410810691198, 0.5635219131329441,
          0.4615010760046907, 0.5742344008025635,
        ],
        new: [
          1.166922660447685, 1.3666231118884145, 1.2733493333491006,
          1.1960878524558947, 1.3786879724611072, 1.1306276183209965,
        ]),
      Reference(
        detector: NeighborDistance(distance: .median),
        training: [
          0.728850092598005, 0.7602516651336068, 0.6656529021478836,
          0.4830222838466893, 0.674431116776613,
        ],
        new: [
          1.1758337775931347, 1.4519642296072355, 1.2675490841578623,
          1.2703302033431743, 1.4481107639456998, 1.30714635932557,
        ]),
      Reference(
        detector: NeighborDistance(nNeighbors: 4, distance: .median),
        training: [
          0.7072624539484185, 0.7594125861965333, 0.5964141794507408,
          0.45752524379580767, 0.6593783217033146,
        ],
        new: [
          1.174915973210466, 1.4297494460878482, 1.2673943988520895,
          1.2229152197591997, 1.3755252869985117, 1.0924604695971558,
        ]),
    ])
  func reference(reference: Reference) throws {
    let model = try reference.detector.fit(table(rows: 60, columns: 7))
    expectClose(
      try model.leaveOneOutScores().prefix(5), reference.training,
      within: .relative(1e-5))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)),
      reference.new, within: .relative(1e-5))
  }

  @Test(
    "Neighbours are those of all distances, wherever the rows lie",
    arguments: [Float(0), 1e3, 1e12], [Float(1e-20), 1, 1e18])
  func everyDistance(offset: Float, unit: Float) throws {
    var samples = noise(rows: 1500, columns: 37)
    for row in 0..<samples.rows {
      for column in 0..<samples.columns {
        // Two groups far apart, with small steps in each.
        samples[row, column] =
          unit * (samples[row, column] + (row % 2 == 0 ? offset : -offset))
      }
    }
    let model = try NeighborDistance().fit(samples)
    let others = samples.selecting(rows: 0..<40)
    let expected = (0..<40).map { row in
      (0..<samples.rows).map { other in
        (0..<samples.columns).reduce(0.0) {
          let difference =
            Double(samples[row, $1]) - Double(samples[other, $1])
          return $0 + difference * difference
        }.squareRoot()
      }.sorted()
    }
    expectClose(
      try model.scores(for: others), expected.map { $0[4] },
      within: .relative(1e-5))
    expectClose(
      try model.leaveOneOutScores().prefix(40), expected.map { $0[5] },
      within: .relative(1e-5))
  }

  // Several blocks of rows, the last one short, that meet each other.
  @Test(
    "Of rows at the same distance the first are the nearest",
    arguments: [1, 4, 30])
  func ties(count: Int) throws {
    var samples = noise(rows: 900, columns: 9)
    for row in 0..<samples.rows {
      for column in 0..<samples.columns {
        samples[row, column] = samples[row, column] > 0 ? 1 : 0
      }
    }
    let found = try NeighborSearch(in: samples, count: count)
      .neighborsOfRows(stage: "", in: RunContext())
    for row in 0..<samples.rows {
      let nearest = (0..<samples.rows).filter { $0 != row }.map { other in
        (
          square: (0..<samples.columns).count {
            samples[row, $0] != samples[other, $0]
          }, row: other
        )
      }.sorted { $0 < $1 }.prefix(count)
      #expect(
        found[row * count..<(row + 1) * count].map(\.row)
          == nearest.map(\.row))
    }
  }

  @Test("A row with as many equal ones is at distance 0")
  func duplicates() throws {
    let rows = noise(rows: 50, columns: 9)
    let model = try NeighborDistance(nNeighbors: 3).fit(
      rows.selecting(rows: (0..<200).map { $0 % 50 }))
    #expect(try model.scores(for: rows).allSatisfy { $0 == 0 })
    #expect(try model.leaveOneOutScores().allSatisfy { $0 == 0 })
    let four = try NeighborDistance(nNeighbors: 4).fit(model.samples)
    #expect(try four.scores(for: rows).allSatisfy { $0 == 0 })
    #expect(try four.leaveOneOutScores().allSatisfy { $0 > 0 })
  }

  @Test("A row scores the same alone and among others")
  func batches() throws {
    let samples = noise(rows: 700, columns: 20)
    let others = noise(rows: 300, columns: 20, seed: 2)
    let model = try NeighborDistance().fit(samples)
    let together = try model.scores(for: others)
    for row in [0, 17, 299] {
      let alone = try model.scores(for: others.selecting(rows: [row]))
      #expect(alone == [together[row]])
    }
  }
}
