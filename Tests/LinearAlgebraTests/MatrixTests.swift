import Execution
import LinearAlgebra
import Testing

@Suite("Matrix")
struct MatrixTests {
  private let matrix = Matrix([[1, 2, 3], [4, 5, 6]])

  @Test("Elements are stored row after row")
  func layout() {
    #expect(matrix.values == [1, 2, 3, 4, 5, 6])
    #expect(matrix[1, 0] == 4)
    #expect(Array(matrix.row(1)) == [4, 5, 6])
    var changed = matrix
    changed[0, 2] = 9
    #expect(changed.values == [1, 2, 9, 4, 5, 6])
  }

  @Test("Rows are selected in the order given, also twice or not at all")
  func selection() {
    #expect(
      matrix.selecting(rows: [1, 0, 1])
        == Matrix([[4, 5, 6], [1, 2, 3], [4, 5, 6]]))
    #expect(matrix.selecting(rows: []) == Matrix(rows: 0, columns: 3))
  }

  @Test("A matrix is a source of its own rows")
  func source() throws {
    let source: any SampleSource = matrix
    #expect(try source.matrix() == matrix)
    #expect(try source.matrix(ofRows: [1]) == Matrix([[4, 5, 6]]))
  }

  @Test(
    "The first value that is not finite is found wherever it stands",
    arguments: [1, 7, 16, 33, 131_073], [Float.nan, .infinity, -.infinity])
  func firstNonFinite(columns: Int, value: Float) throws {
    var matrix = Matrix(
      rows: 3, columns: columns, repeating: .greatestFiniteMagnitude)
    #expect(matrix.firstNonFinite() == nil)
    matrix[2, columns - 1] = value
    let last = try #require(matrix.firstNonFinite())
    #expect(last == (2, columns - 1))
    matrix[1, columns / 2] = value
    let first = try #require(matrix.firstNonFinite())
    #expect(first == (1, columns / 2))
  }

  @Test("Means and population variances of columns, also far from zero")
  func statistics() throws {
    let offset: Float = 0x1p20
    var matrix = Matrix(rows: 3000, columns: 2)
    for row in 0..<3000 {
      matrix[row, 0] = Float(row % 3)
      matrix[row, 1] = offset + Float(row % 2)
    }
    let means = matrix.columnMeans()
    #expect(means == [1, Double(offset) + 0.5])
    let variances = try matrix.columnVariances(
      means: means, in: RunContext())
    #expect(abs(variances[0] - 2.0 / 3) < 1e-12)
    #expect(variances[1] == 0.25)
  }
}
