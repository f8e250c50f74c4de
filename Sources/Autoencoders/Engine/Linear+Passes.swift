import Execution

extension Linear {
  func forward<Scalar: NetworkScalar>(
    _ batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>
  ) -> Batch<Scalar> {
    let result = Batch<Scalar>(rows: batch.rows, columns: output.count)
    if hasBias {
      let bias = parameters + weightCount
      for row in 0..<batch.rows {
        result.pointer(toRow: row).update(from: bias, count: output.count)
      }
    }
    SharedProduct.multiply(
      m: batch.rows, n: output.count, k: input.count,
      batch.values, stride: input.count, .plain,
      parameters, stride: output.count, .plain,
      beta: hasBias ? 1 : 0, into: result.values)
    return result
  }

  /// Adds to the gradient of the parameters and gives, when it is wanted, the
  /// gradient of the input.
  func backward<Scalar: NetworkScalar>(
    _ outputGradient: Batch<Scalar>, input batch: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>, wantsInputGradient: Bool
  ) -> Batch<Scalar>? {
    SharedProduct.multiply(
      m: input.count, n: output.count, k: batch.rows,
      batch.values, stride: input.count, .transposed,
      outputGradient.values, stride: output.count, .plain,
      beta: 1, into: gradient)
    if hasBias {
      outputGradient.addRows(to: gradient + weightCount)
    }
    guard wantsInputGradient else { return nil }
    let inputGradient = Batch<Scalar>(
      rows: batch.rows, columns: input.count)
    SharedProduct.multiply(
      m: batch.rows, n: input.count, k: output.count,
      outputGradient.values, stride: output.count, .plain,
      parameters, stride: output.count, .transposed,
      beta: 0, into: inputGradient.values)
    return inputGradient
  }
}
