import COpenBLAS
import Execution

/// Matrix products by OpenBLAS, on the calling thread only.
///
/// Threads belong to `Parallel`: many small products on as many threads are
/// faster than one product on several, and the sum of an element does not
/// depend on how the work was cut.
package enum BLAS {
  /// Those at work with OpenBLAS kept to the calling thread, and the threads
  /// that it had before the first of them.
  private static let users = Protected((count: 0, threads: Int32(1)))

  /// Does work during which OpenBLAS keeps to the thread that calls it.
  ///
  /// The number of its threads is one for the whole process: it is given back
  /// when the last such work ends.
  package static func onCallingThread<Result>(
    _ work: () throws -> Result
  ) rethrows -> Result {
    users.withLock { users in
      if users.count == 0 {
        users.threads = openblas_get_num_threads()
        openblas_set_num_threads(1)
      }
      users.count += 1
    }
    defer {
      users.withLock { users in
        users.count -= 1
        if users.count == 0 { openblas_set_num_threads(users.threads) }
      }
    }
    return try work()
  }

  /// The threads that OpenBLAS may use now.
  package static var threadCount: Int { Int(openblas_get_num_threads()) }

  /// The library at work: its version, and the processor it is built for.
  package static var version: String {
    String(cString: openblas_get_config())
  }

  /// Whether an operand is used as it is stored or transposed.
  package enum Form {
    case plain
    case transposed

    fileprivate var code: CBLAS_TRANSPOSE {
      self == .plain ? CblasNoTrans : CblasTrans
    }
  }

  /// C ← alpha · A · B + beta · C, with A m x k, B k x n and C m x n after
  /// transposition, all stored by rows `stride` elements apart.
  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: UnsafePointer<Float>, stride aStride: Int, _ aForm: Form = .plain,
    _ b: UnsafePointer<Float>, stride bStride: Int, _ bForm: Form = .plain,
    beta: Float = 0, into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, aForm.code, bForm.code, Int32(m), Int32(n), Int32(k),
      alpha, a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride))
  }

  /// The same in double precision.
  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Double = 1,
    _ a: UnsafePointer<Double>, stride aStride: Int, _ aForm: Form = .plain,
    _ b: UnsafePointer<Double>, stride bStride: Int, _ bForm: Form = .plain,
    beta: Double = 0, into c: UnsafeMutablePointer<Double>, stride cStride: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, aForm.code, bForm.code, Int32(m), Int32(n), Int32(k),
      alpha, a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride))
  }

  /// C ← A · Aᵀ + beta · C in double precision, where A is m x k after
  /// transposition; only the upper triangle of the m x m matrix C is touched.
  @inline(__always)
  package static func multiplyByOwnTranspose(
    m: Int, k: Int,
    _ a: UnsafePointer<Double>, stride aStride: Int, _ aForm: Form = .plain,
    beta: Double = 0, into c: UnsafeMutablePointer<Double>, stride cStride: Int
  ) {
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, aForm.code, Int32(m), Int32(k), 1, a,
      Int32(aStride), beta, c, Int32(cStride))
  }

  /// The same in single precision.
  @inline(__always)
  package static func multiplyByOwnTranspose(
    m: Int, k: Int,
    _ a: UnsafePointer<Float>, stride aStride: Int, _ aForm: Form = .plain,
    beta: Float = 0, into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    cblas_ssyrk(
      CblasRowMajor, CblasUpper, aForm.code, Int32(m), Int32(k), 1, a,
      Int32(aStride), beta, c, Int32(cStride))
  }
}
