import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Fits that several processes share")
struct SharedFitTests {
  private static let rows = 20_000
  private static let columns = 64

  /// Columns that single precision has to round when they are summed, in a few
  /// clusters, and pixels of 8 bits.
  private static let samples: Matrix = {
    var samples = noise(rows: rows, columns: columns, seed: 5)
    for row in 0..<rows {
      for column in 0..<columns {
        samples[row, column] =
          samples[row, column] * (1 + Float(column) / 7)
          + Float(row * 7 % 5) * 3
      }
    }
    return samples
  }()
  private static let pixels = Matrix(
    rows: rows, columns: columns,
    values: samples.values.map {
      (max(0, min(255, ($0 * 6 + 100).rounded())) / 255)
    })

  private struct Fit: Sendable {
    var model: Data
    var scores: [Float]
    var rowsRead: Int
    var mostRows: Int
  }

  private static func fit(
    _ detector: some Detector, to samples: any SampleSource, in team: Team,
    budget: Int
  ) throws -> Fit {
    var context = RunContext(seed: 3, memoryBudget: budget)
    context.team = team
    let counted = samples as? CountedRows
    let model = try detector.fit(samples, in: context)
    let rowsRead = counted?.read.count ?? 0
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return Fit(
      model: try encoder.encode(model),
      scores: try model.scores(for: samples, in: context),
      rowsRead: rowsRead, mostRows: counted?.most ?? 0)
  }

  private static let detectors: [any Detector] = [
    KMeansDistance(nClusters: 6, nInit: 2, maxIterations: 8),
    KMeansDistance(nClusters: 3, maxIterations: 8, scaling: .spread),
    PCAReconstruction(),
    PCAReconstruction(nComponents: .count(5), mahalanobis: true),
    IsolationForest(),
    IsolationForest(nEstimators: 7, extensionLevel: 2),
    GaussianDistance(),
    HistogramScore(),
  ]

  @Test(
    "Models and scores have the bits of one process, without gathering rows",
    arguments: detectors.indices, [2, 3, 4, 8])
  func sameBits(index: Int, size: Int) throws {
    let detector = Self.detectors[index]
    for samples in [Self.samples, Self.pixels] {
      let whole = try Self.fit(
        detector, to: samples, in: .alone, budget: 1 << 30)
      let shared = try ThreadTeam.run(of: size) {
        try Self.fit(
          detector, to: CountedRows(samples), in: $0, budget: 1 << 30)
      }
      for (fit, received) in shared {
        #expect(fit.model == whole.model)
        #expect(fit.scores == whole.scores)
        // A tenth of the samples, and the scores of the others.
        #expect(received < Self.rows * Self.columns * 4 / 10 + Self.rows * 4)
        // Its share, whole blocks; what stands for all; what was drawn.
        #expect(
          fit.rowsRead
            <= detector.mostRows(
              of: Self.rows, by: size))
      }
    }
  }

  @Test("So they have when rows do not fit into memory", arguments: [1, 2, 3])
  func streamed(size: Int) throws {
    for detector in Self.detectors {
      let whole = try Self.fit(
        detector, to: Self.samples, in: .alone, budget: 1 << 30)
      let shared = try ThreadTeam.run(of: size) {
        try Self.fit(
          detector, to: CountedRows(Self.samples), in: $0, budget: 4 << 20)
      }
      for (fit, _) in shared {
        #expect(fit.model == whole.model)
        #expect(fit.mostRows <= 8192)
      }
    }
  }

  @Test("Empty clusters are filled with the same samples", arguments: [2, 3])
  func emptyClusters(size: Int) throws {
    // Two centroids far away get no sample.
    var initial = Matrix(rows: 4, columns: Self.columns)
    for column in 0..<Self.columns {
      initial[1, column] = 1e4
      initial[2, column] = 20
      initial[3, column] = -1e4
    }
    let detector = KMeansDistance(nClusters: 4, initialCentroids: initial)
    let whole = try Self.fit(
      detector, to: Self.samples, in: .alone, budget: 1 << 30)
    for (fit, _) in try ThreadTeam.run(
      of: size,
      { [detector] in
        try Self.fit(
          detector, to: CountedRows(Self.samples), in: $0, budget: 1 << 30)
      })
    {
      #expect(fit.model == whole.model)
    }
  }

  @Test("A detector that would have to gather rows is refused")
  func refused() throws {
    let faults = try ThreadTeam.run(of: 2) { team in
      var context = RunContext()
      context.team = team
      return #expect(throws: DetectorFault.self) {
        try NeighborDistance().fit(
          CountedRows(Matrix([[0], [1]])), in: context)
      }
    }
    #expect(faults.allSatisfy { $0.result == .notShared })
  }
}

extension Detector {
  /// The rows that one of several processes may read in a fit.
  fileprivate func mostRows(of rows: Int, by size: Int) -> Int {
    let share = (rows / 4096 / size + 1) * 4096
    return switch self {
    case let forest as IsolationForest:
      256 * (forest.nEstimators / size + 1)
    // For the origin and the directions of its bounds, and starts.
    case is KMeansDistance: share + 2048 + 600
    // The stretches of a sum are not those of other sums.
    case is PCAReconstruction: 2 * share
    // The blocks of the histograms are longer.
    default: share + 8192
    }
  }
}
