import Execution
import LinearAlgebra
import TestSupport
import Testing

private func noise(_ count: Int, seed: UInt64 = 1) -> [Double] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in generator.normal() }
}

/// A · Bᵀ for matrices with rows of the given length.
private func products(
  _ a: [Double], _ b: [Double], length: Int
) -> [[Double]] {
  let (aRows, bRows) = (a.count / length, b.count / length)
  return (0..<aRows).map { i in
    (0..<bRows).map { j in
      (0..<length).reduce(0) { $0 + a[i * length + $1] * b[j * length + $1] }
    }
  }
}

private func expectOrthonormalRows(_ rows: [Double], length: Int) {
  for (i, line) in products(rows, rows, length: length).enumerated() {
    for (j, product) in line.enumerated() {
      #expect(abs(product - (i == j ? 1 : 0)) < 1e-12)
    }
  }
}

@Suite("Decompositions")
struct DecompositionTests {
  @Test("The singular values of a matrix known by hand")
  func knownSingularValues() throws {
    // [3 0; 4 5] has the singular values 3√5 and √5.
    let decomposition = try SingularValueDecomposition(
      [3, 0, 4, 5], rows: 2, columns: 2)
    #expect(abs(decomposition.values[0] - 3 * 5.0.squareRoot()) < 1e-14)
    #expect(abs(decomposition.values[1] - 5.0.squareRoot()) < 1e-14)
    #expect(abs(abs(decomposition.rightVectors[0]) - 0.5.squareRoot()) < 1e-14)
  }

  @Test(
    "Right singular vectors v: orthonormal, |Av| the singular value",
    arguments: [(30, 8), (8, 30), (9, 9), (1, 5), (5, 1)])
  func singularVectors(rows: Int, columns: Int) throws {
    let matrix = noise(rows * columns)
    let decomposition = try SingularValueDecomposition(
      matrix, rows: rows, columns: columns)
    let count = min(rows, columns)
    #expect(decomposition.values.count == count)
    #expect(decomposition.values == decomposition.values.sorted(by: >))
    expectOrthonormalRows(decomposition.rightVectors, length: columns)
    let images = products(
      decomposition.rightVectors, matrix, length: columns)
    expectClose(
      images.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() },
      decomposition.values, within: .absolute(1e-12 * decomposition.values[0]))
  }

  @Test(
    "Eigenvectors: orthonormal, Av = λv, as many as asked for",
    arguments: [(1, 1), (2, 1), (12, 0), (12, 5), (40, 40)])
  func eigenvectors(size: Int, count: Int) throws {
    let factor = noise(size * size)
    let matrix = products(factor, factor, length: size).flatMap { $0 }
    // The lower triangle is not to be read.
    var upper = matrix
    for row in 0..<size {
      for column in 0..<row { upper[row * size + column] = .nan }
    }
    let decomposition = try SymmetricEigenDecomposition(upper, size: size)
    #expect(decomposition.values.count == size)
    #expect(decomposition.values == decomposition.values.sorted(by: >))
    let vectors = try decomposition.leadingVectors(count)
    #expect(vectors.count == count * size)
    expectOrthonormalRows(vectors, length: size)
    let images = products(vectors, matrix, length: size)
    for (index, image) in images.enumerated() {
      for (column, element) in image.enumerated() {
        let expected =
          decomposition.values[index] * vectors[index * size + column]
        #expect(abs(element - expected) < 1e-12 * decomposition.values[0])
      }
    }
  }

  @Test("Equal eigenvalues have as many orthonormal vectors")
  func multipleEigenvalues() throws {
    var matrix = [Double](repeating: 0, count: 36)
    for index in 0..<6 { matrix[index * 7] = index < 4 ? 2 : 0 }
    let decomposition = try SymmetricEigenDecomposition(matrix, size: 6)
    #expect(decomposition.values == [2, 2, 2, 2, 0, 0])
    expectOrthonormalRows(try decomposition.leadingVectors(3), length: 6)
  }

  @Test("Rows made orthonormal keep their order, span and direction")
  func orthonormalRows() throws {
    var rows: [Double] = [3, 4, 0, 1, 0, 5]
    try QRDecomposition.orthonormalizeRows(of: &rows, rows: 2, columns: 3)
    expectOrthonormalRows(rows, length: 3)
    #expect(abs(rows[0] - 0.6) < 1e-15)
    #expect(abs(rows[1] - 0.8) < 1e-15)
    // (1, 0, 5) less its part along (0.6, 0.8, 0) is (0.64, -0.48, 5).
    let length = (0.64 * 0.64 + 0.48 * 0.48 + 25).squareRoot()
    expectClose(
      rows.suffix(3), [0.64, -0.48, 5].map { $0 / length },
      within: .absolute(1e-14))
  }
}
