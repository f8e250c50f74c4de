import Execution
import Foundation
import LinearAlgebra
import LocalFeatures
import TestSupport
import Testing

@testable import Detectors

/// Maps beside those of NumPy and SciPy in float64, written anew from their
/// definitions (`ndimage.uniform_filter`, `linalg.solve`, `fft2`).
@Suite struct CellMapTests {
  @Test(
    "Distances from Gaussians are NumPy's",
    arguments: [
      (
        LocalReach.cells(1),
        [
          16.608154, 17.615483, 10.16668, 2.595013, 14.565131, 3.417656,
          9.893927, 18.266745, 4.08997, 15.14882, 19.299532, 13.964289,
        ]
      ),
      (
        .cells(0),
        [
          17.491444, 16.881033, 12.119368, 2.201747, 17.580144, 3.562012,
          10.331132, 24.646364, 4.575872, 18.177771, 20.764131, 13.432386,
        ]
      ),
      (
        .anywhere,
        [
          17.287192, 17.935166, 10.174689, 2.768379, 14.369583, 3.378601,
          9.619802, 17.805066, 4.496849, 15.15964, 18.859625, 13.763159,
        ]
      ),
    ])
  func gaussians(reach: LocalReach, expected: [Float]) throws {
    func grids(_ count: Int, _ value: (Int, Int, Int, Int) -> Double)
      -> LocalGrids
    {
      LocalGrids(
        grid: .medium, rows: 3, columns: 4, depth: 3,
        values: Matrix(
          (0..<count).map { picture in
            (0..<36).map {
              Float(value(picture, $0 / 12, $0 / 3 % 4, $0 % 3))
            }
          }))
    }
    let train = grids(6) { picture, y, x, channel in
      let (i, a, b, c) = (
        Double(picture), Double(y), Double(x), Double(channel)
      )
      let mixed = 0.37 * i * a * b + 0.21 * i * c
      return sin(1.7 * i + 0.9 * a - 1.1 * b + 2.3 * c + mixed)
    }
    let asked = grids(1) { _, y, x, channel in
      cos(1.1 * Double(y) + 0.7 * Double(x) - 0.4 * Double(channel))
    }
    let gaussians = try CellGaussians(
      LocalView(grid: .medium), reach: reach.cells, from: train,
      in: RunContext())
    let map = try #require(gaussians.maps(of: asked).first)
    expectClose(map.values, expected, within: .absolute(2e-3))
  }

  @Test("What autoregression leaves over is NumPy's")
  func autoregression() throws {
    let picture = Self.picture(of: 32) { y, x in
      let wave = 0.3 * sin(0.9 * x + 0.2 * y)
      return 0.5 + wave + 0.1 * cos(1.3 * y * x / 7)
    }
    let map = try PixelPredictor(distances: 3...8, ridge: 0.02).map(of: picture)
    let places = [(0, 0), (5, 20), (13, 9), (16, 16), (31, 31), (27, 3)]
    expectClose(
      places.map { map.values[$0.0 * 32 + $0.1] },
      [0.958768, 0.798145, 0.938973, 0.767295, 1.059187, 1.166823],
      within: .absolute(2e-4))
  }

  @Test("In a texture that repeats, what does not repeat stands out")
  func texture() throws {
    var picture = Self.picture(of: 64) { y, x in
      0.5 + 0.2 * sin(x) * cos(0.8 * y)
    }
    for y in 30..<33 { for x in 40..<43 { picture.values[y * 64 + x] = 0.5 } }
    let map = try PixelPredictor(distances: 3...8, ridge: 0.02).map(of: picture)
    let place = try #require(map.values.firstIndex(of: map.values.max() ?? 0))
    #expect(abs(place / 64 - 31) <= 2 && abs(place % 64 - 41) <= 2)
  }

  private static func picture(
    of side: Int, _ value: (Double, Double) -> Double
  ) -> Raster {
    Raster(
      height: side, width: side,
      values: (0..<side * side).map {
        Float(value(Double($0 / side), Double($0 % side)))
      })
  }
}
