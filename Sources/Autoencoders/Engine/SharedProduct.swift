import Execution
import LinearAlgebra

/// A matrix product that the threads share.
///
/// Its longest side is cut into blocks whose number depends on the sizes only,
/// so that every element is the same sum for any number of threads. A cut
/// through the summed side gives partial products, added up in order.
enum SharedProduct {
  private static let blockCount = 8
  /// Below this many multiplications a product stays on one thread.
  private static let smallest = 1 << 20

  static func multiply<Scalar: NetworkScalar>(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Scalar>, stride aStride: Int, _ aForm: BLAS.Form,
    _ b: UnsafePointer<Scalar>, stride bStride: Int, _ bForm: BLAS.Form,
    beta: Scalar, into c: UnsafeMutablePointer<Scalar>
  ) {
    let longest = max(m, n, k)
    guard m * n * k >= smallest, longest >= 2 * blockCount else {
      Scalar.multiply(
        m: m, n: n, k: k, a, stride: aStride, aForm, b, stride: bStride,
        bForm, beta: beta, into: c, stride: n)
      return
    }
    // Whole vectors to a block.
    let size = ((longest + blockCount - 1) / blockCount + 15) / 16 * 16
    let blocks = Parallel.blocks(longest, size: size)
    if longest == k {
      if beta == 0 { c.update(repeating: 0, count: m * n) }
      Batch.addOrderedSum(over: blocks, to: c, count: m * n) { block, part in
        let lower = block.lowerBound
        Scalar.multiply(
          m: m, n: n, k: block.count,
          a + (aForm == .plain ? lower : lower * aStride), stride: aStride,
          aForm,
          b + (bForm == .plain ? lower * bStride : lower), stride: bStride,
          bForm, beta: 1, into: part, stride: n)
      }
    } else if longest == m {
      Parallel.forEach(blocks.count) { index in
        let block = blocks[index]
        let lower = block.lowerBound
        Scalar.multiply(
          m: block.count, n: n, k: k,
          a + (aForm == .plain ? lower * aStride : lower), stride: aStride,
          aForm, b, stride: bStride, bForm,
          beta: beta, into: c + lower * n, stride: n)
      }
    } else {
      Parallel.forEach(blocks.count) { index in
        let block = blocks[index]
        let lower = block.lowerBound
        Scalar.multiply(
          m: m, n: block.count, k: k, a, stride: aStride, aForm,
          b + (bForm == .plain ? lower : lower * bStride), stride: bStride,
          bForm, beta: beta, into: c + lower, stride: n)
      }
    }
  }
}
