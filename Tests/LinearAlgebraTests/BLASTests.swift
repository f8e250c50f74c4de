import LinearAlgebra
import Testing

@Suite("BLAS")
struct BLASTests {
  // [1 2 3; 4 5 6] times [1 0; 2 1; 0 3] is [5 11; 14 23].

  @Test("Products in every form of the operands, single precision")
  func single() {
    let (a, at): ([Float], [Float]) = ([1, 2, 3, 4, 5, 6], [1, 4, 2, 5, 3, 6])
    let (b, bt): ([Float], [Float]) = ([1, 0, 2, 1, 0, 3], [1, 2, 0, 0, 1, 3])
    for (left, leftForm): ([Float], BLAS.Form) in [
      (a, .plain), (at, .transposed),
    ] {
      for (right, rightForm): ([Float], BLAS.Form) in [
        (b, .plain), (bt, .transposed),
      ] {
        var product = [Float](repeating: 1, count: 4)
        BLAS.multiply(
          m: 2, n: 2, k: 3, alpha: 2,
          left, stride: leftForm == .plain ? 3 : 2, leftForm,
          right, stride: rightForm == .plain ? 2 : 3, rightForm,
          beta: 10, into: &product, stride: 2)
        #expect(product == [20, 32, 38, 56])
      }
    }
  }

  @Test("Products in double precision, into part of a larger matrix")
  func double() {
    var product = [Double](repeating: -1, count: 6)
    let (a, b): ([Double], [Double]) = (
      [1, 2, 3, 4, 5, 6], [1, 0, 2, 1, 0, 3]
    )
    BLAS.multiply(
      m: 2, n: 2, k: 3, a, stride: 3, .plain, b, stride: 2, into: &product,
      stride: 3)
    #expect(product == [5, 11, -1, 14, 23, -1])
  }

  @Test("A product with the own transpose fills the upper triangle")
  func ownTranspose() {
    let a: [Double] = [1, 2, 3, 4, 5, 6]
    var product = [Double](repeating: -1, count: 4)
    BLAS.multiplyByOwnTranspose(
      m: 2, k: 3, a, stride: 3, into: &product, stride: 2)
    #expect(product == [14, 32, -1, 77])
    product = [Double](repeating: -1, count: 9)
    BLAS.multiplyByOwnTranspose(
      m: 3, k: 2, a, stride: 3, .transposed, into: &product, stride: 3)
    #expect(product == [17, 22, 27, -1, 29, 36, -1, -1, 45])
  }
}
