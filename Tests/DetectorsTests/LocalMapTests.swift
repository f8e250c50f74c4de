import Execution
import LinearAlgebra
import LocalFeatures
import TestSupport
import Testing

@testable import Detectors

/// Maps of local features, on small random grids.
@Suite struct LocalMapTests {
  private let grids = LocalGrids(random: 9, rows: 8, columns: 8, depth: 3)

  @Test("What blocks leave over is what the matrices say")
  func blocksByDefinition() throws {
    let train = grids.selecting(pictures: Array(0..<6))
    let test = grids.selecting(pictures: [6, 7, 8])
    let (blocks, _) = try fit(train)
    let maps = blocks.mapping(over: train)(test)
    // One block: all numbers of the picture.
    for (picture, map) in maps.enumerated() {
      let residual = residual(
        of: Array(test.values.row(picture)), train: train, ridge: nil)
      expectClose(map.values, cells(residual), within: .absolute(2e-4))
    }
  }

  @Test("A training picture left out is as if it had not been there")
  func leaveOneOut() throws {
    let (_, leftOut) = try fit(grids)
    let ridge = ridge(of: grids)
    for picture in 0..<9 {
      let others = (0..<9).filter { $0 != picture }
      let residual = residual(
        of: Array(grids.values.row(picture)),
        train: grids.selecting(pictures: others), ridge: ridge)
      expectClose(
        leftOut[picture].values, cells(residual), within: .absolute(2e-4))
    }
  }

  @Test("Overlapping blocks cover a grid evenly", arguments: [8, 11, 32])
  func layout(cells: Int) {
    let grids = LocalGrids(random: 1, rows: cells, columns: 16, depth: 1)
    for side in [1, 6, 8, 40] {
      let layout = BlockLayout(
        side: side, step: max(1, side / 2), over: grids)
      #expect(layout.lies(on: grids))
      #expect(layout.rows.first == 0)
      #expect(layout.rows.last == cells - layout.side)
      let steps = zip(layout.rows, layout.rows.dropFirst()).map { $1 - $0 }
      #expect((steps.max() ?? 0) - (steps.min() ?? 0) <= 1)
      #expect(steps.allSatisfy { $0 <= max(1, side / 2) })
    }
  }

  @Test("The nearest neighbour is the one that a search finds")
  func neighbors() throws {
    let train = grids.selecting(pictures: Array(0..<6))
    let test = grids.selecting(pictures: [6, 7, 8])
    for reach in [0, 1, nil] as [Int?] {
      let (neighbors, leftOut) = try CellNeighbors.fit(
        LocalView(grid: .medium), reach: reach, bankSize: 10_000, to: train,
        in: RunContext())
      let maps = neighbors.mapping(over: train)(test)
      let far = reach ?? 8
      for (pictures, asked, maps, own) in [
        (train, test, maps, false), (train, train, leftOut, true),
      ] {
        for picture in 0..<asked.count {
          let expected = (0..<64).map { cell in
            let squares = (0..<pictures.count).flatMap { other -> [Float] in
              guard !own || other != picture else { return [] }
              return (0..<64).compactMap { place in
                abs(place / 8 - cell / 8) <= far
                  && abs(place % 8 - cell % 8) <= far
                  ? neighbors.distance(
                    asked.cell(picture, cell), pictures.cell(other, place))
                  : nil
              }
            }
            return squares.min() ?? .infinity
          }
          expectClose(
            maps[picture].values, expected, within: .absolute(1e-3))
        }
      }
    }
  }

  @Test("Calibrated maps of training pictures are around 0, others are not")
  func calibration() {
    var generator = SeededGenerator(seed: 4)
    let maps = (0..<200).map { _ in
      Raster(
        height: 16, width: 16,
        values: (0..<256).map { Float($0 % 16 + 1) + Float(generator.normal()) }
      )
    }
    let calibration = MapCalibration(maps)
    let values = maps.flatMap { calibration.unusualness(of: $0).values }
    #expect(abs(values.reduce(0, +) / Float(values.count)) < 0.02)
    var strange = maps[0]
    strange.values[100] += 30
    let map = calibration.unusualness(of: strange)
    #expect(map.values.firstIndex(of: map.values.max() ?? 0) == 100)
    #expect(
      MapScore(maps.map(calibration.unusualness)).score(map) > 5)
  }

  @Test("A map left out of the calibration is as if it had not been there")
  func calibrationLeftOut() {
    var generator = SeededGenerator(seed: 6)
    var maps = (0..<12).map { _ in
      Raster(
        height: 8, width: 8,
        values: (0..<64).map { _ in Float(generator.normal()) })
    }
    maps[5].values[20] += 9
    let leftOut = MapCalibration.unusualness(leavingOutEachOf: maps)
    for place in maps.indices {
      var others = maps
      others.remove(at: place)
      expectClose(
        leftOut[place].values,
        MapCalibration(others).unusualness(of: maps[place]).values,
        within: .absolute(1e-5))
    }
    let known = MapCalibration(maps).unusualness(of: maps[5])
    #expect(leftOut[5].values[20] > known.values[20] + 0.05)
  }

  @Test("Weights go to the map that tells defects, and never below 0")
  func weights() {
    var generator = SeededGenerator(seed: 5)
    let cells = (0..<400).map { index in
      let isDefect = index % 2 == 0
      let noise = (0..<3).map { _ in Float(generator.normal()) }
      return MapWeights.Cell(
        unusualness: [
          noise[0] + (isDefect ? 3 : 0), noise[1],
          noise[2] - (isDefect ? 2 : 0),
        ], isDefect: isDefect, weight: 1 / 400)
    }
    let free = MapWeights(of: cells, pulledTo: [0, 1, 0], by: 1e-3).weights
    #expect(free[0] > 10 * free[1] && free[2] == 0 && free[1] >= 0)
    let pulled = MapWeights(of: cells, pulledTo: [1, 0, 0], by: 1e3).weights
    #expect(pulled[0] > 0 && pulled[1] < 1e-2 && pulled[2] < 1e-2)
    // scikit-learn's LogisticRegression on a single column agrees with Newton's
    // iteration in its stationarity: the gradient is zero there.
    let one = MapWeights(
      of: cells.map {
        MapWeights.Cell(
          unusualness: [$0.unusualness[0]], isDefect: $0.isDefect,
          weight: $0.weight)
      }, pulledTo: [0], by: 1e-3
    ).weights
    #expect(one[0] > 0.5)
  }

  // One block of the whole grid, ridge 0.1.
  private func fit(
    _ grids: LocalGrids
  ) throws -> (BlockReconstruction, leftOut: [Raster]) {
    let fit = try BlockReconstruction.fit(
      LocalView(grid: .medium), side: 8, step: 4, ridge: 0.1, to: grids,
      in: RunContext())
    return (fit.reconstruction, fit.leftOut)
  }

  private func ridge(of train: LocalGrids) -> Double {
    let centered = train.subtracting(train.mean).values.values
    return 0.1 * centered.reduce(0) { $0 + Double($1) * Double($1) } / 192
  }

  /// q - q Xᵀ (X Xᵀ + m I)⁻¹ X by elimination, in double precision.
  private func residual(
    of picture: [Float], train: LocalGrids, ridge: Double?
  ) -> [Double] {
    let mean = train.mean
    let ridge = ridge ?? self.ridge(of: train)
    let rows = (0..<train.count).map { row in
      zip(train.values.row(row), mean).map { Double($0) - Double($1) }
    }
    let centered = zip(picture, mean).map { Double($0) - Double($1) }
    func product(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var system = rows.indices.map { row in
      rows.indices.map {
        product(rows[row], rows[$0]) + (row == $0 ? ridge : 0)
      } + [product(rows[row], centered)]
    }
    for pivot in system.indices {
      for row in system.indices where row != pivot {
        let factor = system[row][pivot] / system[pivot][pivot]
        for column in pivot...rows.count {
          system[row][column] -= factor * system[pivot][column]
        }
      }
    }
    return centered.indices.map { index in
      centered[index]
        - system.indices.reduce(0) {
          $0 + system[$1][rows.count] / system[$1][$1] * rows[$1][index]
        }
    }
  }

  /// The root of the mean square over the three channels of every cell.
  private func cells(_ residual: [Double]) -> [Float] {
    stride(from: 0, to: residual.count, by: 3).map { start in
      Float(
        (residual[start..<start + 3].reduce(0) { $0 + $1 * $1 } / 3)
          .squareRoot())
    }
  }
}

extension LocalGrids {
  fileprivate init(random count: Int, rows: Int, columns: Int, depth: Int) {
    var generator = SeededGenerator(seed: 3)
    self.init(
      grid: .medium, rows: rows, columns: columns, depth: depth,
      values: Matrix(
        rows: count, columns: rows * columns * depth,
        values: (0..<count * rows * columns * depth).map { _ in
          Float(generator.normal())
        }))
  }

  fileprivate func cell(_ picture: Int, _ cell: Int) -> [Float] {
    Array(values.row(picture).dropFirst(cell * depth).prefix(depth))
  }
}
