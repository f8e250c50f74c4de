import Datasets
import Execution
import Features
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite struct PrecisionTests {
  private func rows(_ text: String) throws -> any SampleSource {
    let folder = try TemporaryFolder()
    return try Dataset(at: folder.write(text, to: "table.csv")).categories[0]
      .train.source
  }

  // x = [1700000001, 1700000003, 1700000008, 1700000004.5]
  // (x - x.mean()) / x.std(), in NumPy's float64
  @Test("An offset of a column does not matter")
  func offset() throws {
    let times = try rows(
      "t\n1700000001\n1700000003\n1700000008\n1700000004.5\n")
    let scaled = try Scaler.standard.fit(times).scaled(times).matrix()
    expectClose(
      scaled.values, [-1.22132992, -0.43967877, 1.5144491, 0.14655959],
      within: .absolute(1e-6))
    let range = try Scaler.minMax.fit(times).scaled(times).matrix()
    expectClose(
      range.values, [0, 2.0 / 7, 1, 0.5], within: .absolute(1e-6))
  }

  @Test("A constant column of large numbers becomes zero in double precision")
  func constant() throws {
    let rows = try rows("a\n" + String(repeating: "1700000000.1\n", count: 999))
    let scaled = try Scaler.standard.fit(rows).scaled(rows).matrix()
    #expect(scaled.values.allSatisfy { abs($0) < 1e-3 })
  }

  @Test(
    "A number that cannot be scaled is blamed where it stands",
    arguments: Scaler.allCases)
  func blame(scaler: Scaler) throws {
    let rows = try rows("a,b\n1,2\n3,1.7e308\n5,-1.7e308\n")
    let fault = #expect(throws: FeatureFault.self) {
      _ = try scaler.fit(rows).scaled(rows).matrix()
    }
    #expect(fault?.place?.hasPrefix("column b on line 3 of ") == true)
  }

  @Test("The NaN of a matrix is blamed, whatever the scale")
  func notANumber() throws {
    var matrix = Matrix(rows: 70, columns: 3)
    matrix[61, 2] = .nan
    for scaler in [Scaler.standard, .minMax] {
      #expect(
        throws: FeatureFault.unusableNumber(
          "a value is not a finite number", at: "row 61, column 2")
      ) { _ = try scaler.fit(matrix) }
    }
  }
}
