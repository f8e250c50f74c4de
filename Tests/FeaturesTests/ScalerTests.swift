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
  func standard() throws {
    let scaled = try Scaler.standard.fit(samples).scaled(samples)
    let expected: [Float] = [
      -0.97332853, -1.06904497, 0, -0.64888568, 0, 0, 0, -0.53452248, 0,
      1.62221421, 1.60356745, 0,
    ]
    expectClose(scaled.values, expected, within: .absolute(1e-6))
  }

  @Test("Min-max scaling brings every column to 0...1")
  func minMax() throws {
    let scaled = try Scaler.minMax.fit(samples).scaled(samples)
    #expect(
      scaled.values == [
        0, 0, 0, 0.125, 0.4, 0, 0.375, 0.2, 0, 1, 1, 0,
      ])
  }

  @Test("No scaling leaves the samples alone")
  func none() throws {
    #expect(try Scaler.none.fit(samples).scaled(samples) == samples)
  }

  @Test("New samples are put on the scale of the training samples")
  func newSamples() throws {
    let scaler = try Scaler.minMax.fit(samples)
    #expect(
      scaler.scaled(Matrix([[17, 10, 6]])).values == [2, 0, 1])
  }

  @Test("A constant column of large numbers becomes zero, not noise")
  func constantColumn() throws {
    let column = Matrix(rows: 3000, columns: 1, repeating: 1234.567)
    let scaled = try Scaler.standard.fit(column).scaled(column)
    #expect(scaled.values.allSatisfy { abs($0) < 1e-3 })
  }

  @Test("The number of threads does not change a bit")
  func threads() throws {
    var generator = SeededGenerator(seed: 1)
    let samples = Matrix(
      rows: 5000, columns: 7,
      values: (0..<35000).map { _ in Float(generator.normal()) })
    let one = try Scaler.standard.fit(
      samples, in: RunContext(threadCount: 1))
    let two = try Scaler.standard.fit(
      samples, in: RunContext(threadCount: 2))
    #expect(one == two)
  }

  @Test("Samples that are not in memory are walked in blocks, to the same bits")
  func blocks() throws {
    var generator = SeededGenerator(seed: 2)
    let samples = Matrix(
      rows: 5000, columns: 7,
      values: (0..<35000).map { _ in Float(generator.normal()) })
    for scaler in [Scaler.standard, .minMax] {
      let counted = CountedRows(samples)
      let fitted = try scaler.fit(counted)
      #expect(try fitted == scaler.fit(samples))
      #expect(1...1024 ~= counted.most)
      let scaled = fitted.scaled(counted as any SampleSource)
      #expect(!(scaled is Matrix))
      #expect(try scaled.matrix() == fitted.scaled(samples))
    }
  }

  @Test("A stored scale without a factor for each offset is refused")
  func edited() throws {
    let json = #"{"offsets":[1,2],"factors":[1]}"#
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(FittedScaler.self, from: Data(json.utf8))
    }
  }
}
