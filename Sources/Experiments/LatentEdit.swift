import Diagnostics
import LinearAlgebra

/// A change to one number of a latent code, such as `0*=2` or `3+=1.5`.
public struct LatentEdit: Hashable, Sendable, CustomStringConvertible {
  /// What is done to the number; the raw values are as an edit is written.
  public enum Operation: String, CaseIterable, Sendable {
    /// Times the value.
    case multiply = "*="
    /// Divided by the value.
    case divide = "/="
    /// Plus the value.
    case add = "+="
    /// Minus the value.
    case subtract = "-="
    /// Replaced by the value.
    case set = "="
  }

  /// The place in the code, counted from 0.
  public var index: Int
  /// What is done with the value.
  public var operation: Operation
  /// The number to the right of the operation.
  public var value: Float

  /// Reads `INDEX OPERATION NUMBER`, without spaces; nil for any other text.
  public init?(_ text: String) {
    for operation in Operation.allCases {
      let parts = text.split(
        separator: operation.rawValue, maxSplits: 1,
        omittingEmptySubsequences: false)
      if parts.count == 2, let index = Int(parts[0]), index >= 0,
        let value = Float(parts[1]), value.isFinite
      {
        self.index = index
        self.operation = operation
        self.value = value
        return
      }
    }
    return nil
  }

  public var description: String { "\(index)\(operation.rawValue)\(value)" }

  /// The codes, one a row, with the change made to each.
  ///
  /// - Throws: `ExperimentFault.latentIndexOutOfRange`.
  public func applied(to codes: Matrix) throws -> Matrix {
    guard index < codes.columns else {
      throw ExperimentFault.latentIndexOutOfRange(
        index, latentSize: codes.columns)
    }
    var codes = codes
    for row in 0..<codes.rows {
      switch operation {
      case .multiply: codes[row, index] *= value
      case .divide: codes[row, index] /= value
      case .add: codes[row, index] += value
      case .subtract: codes[row, index] -= value
      case .set: codes[row, index] = value
      }
    }
    return codes
  }
}
