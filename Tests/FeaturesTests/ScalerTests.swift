import Execution
import Features
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite struct ScalerTests {
  private let samples = Matrix([
    [1, 10, 5], [2, 30, 5], [4, 20, 5], [9, 60, 5],
  ])

  // sklearn.preprocessing.StandardScaler().fit_transform(samples)
  @Test("Standard scaling agrees with scikit-learn")
  func standard() {
    let scaled = Scaler.standard.fit(samples).scaled(samples)
    let expected: [Float] = [
      -0.97332853, -1.06904497, 0, -0.64888568, 0, 0, 0, -0.53452248, 0,
      1.62221421, 1.60356745, 0,
    ]
    expectClose(scaled.values, expected, within: .absolute(1e-6))
  }

  @Test("Min-max scaling brings every column to 0...1")
  func minMax() {
    let scaled = Scaler.minMax.fit(samples).scaled(samples)
    #expect(
      scaled.values == [
        0, 0, 0, 0.125, 0.4, 0, 0.375, 0.2, 0, 1, 1, 0,
      ])
  }

  @Test("No scaling leaves the samples alone")
  func none() {
    #expect(Scaler.none.fit(samples).scaled(samples) == samples)
  }

  @Test("New samples are put on the scale of the training samples")
  func newSamples() {
    let scaler = Scaler.minMax.fit(samples)
    #expect(
      scaler.scaled(Matrix([[17, 10, 6]])).values == [2, 0, 1])
  }

  @Test("A constant column of large numbers becomes zero, not noise")
  func constantColumn() {
    let column = Matrix(rows: 3000, columns: 1, repeating: 1234.567)
    let scaled = Scaler.standard.fit(column).scaled(column)
    #expect(scaled.values.allSatisfy { abs($0) < 1e-3 })
  }

  @Test("The number of threads does not change a bit")
  func threads() {
    var generator = SeededGenerator(seed: 1)
    let samples = Matrix(
      rows: 5000, columns: 7,
      values: (0..<35000).map { _ in Float(generator.normal()) })
    let one = Parallel.$threadCount.withValue(1) {
      Scaler.standard.fit(samples)
    }
    let two = Parallel.$threadCount.withValue(2) {
      Scaler.standard.fit(samples)
    }
    #expect(one == two)
  }

  @Test("A stored scale without a factor for each offset is refused")
  func edited() throws {
    let json = #"{"offsets":[1,2],"factors":[1]}"#
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(FittedScaler.self, from: Data(json.utf8))
    }
  }
}
