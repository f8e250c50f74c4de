import Diagnostics

/// Why a decomposition has no result.
package enum LinearAlgebraFault: Fault, Hashable {
  /// The iteration did not converge: a value is NaN or infinite.
  case noConvergence(routine: String)
  /// The routine could not get its working memory.
  case outOfMemory(routine: String)

  package var kind: FaultKind { .data }

  package var problem: FaultMessage {
    switch self {
    case .noConvergence: "a matrix decomposition does not converge"
    case .outOfMemory: "not enough memory for a matrix decomposition"
    }
  }

  package var place: String? {
    switch self {
    case .noConvergence(let routine), .outOfMemory(let routine): routine
    }
  }

  package var remedy: FaultMessage {
    switch self {
    case .noConvergence: "scale the features to a common range"
    case .outOfMemory: "use fewer features or fewer rows"
    }
  }

  /// Throws what LAPACKE's return value means.
  static func check(_ info: Int32, routine: String) throws {
    precondition(
      info >= 0 || info <= -1000, "argument \(-info) of \(routine) is wrong")
    if info > 0 { throw noConvergence(routine: routine) }
    if info < 0 { throw outOfMemory(routine: routine) }
  }
}
