/// What a fault means for a script: the exit status of the command line.
///
/// The numbers are those of `sysexits.h`.
public enum FaultKind: Int32, Sendable {
  /// Wrong arguments or hyper-parameters.
  case usage = 64
  /// Input data that cannot be used.
  case data = 65
  /// A file that cannot be read or written.
  case inputOutput = 74
}

/// An error that a person can act on.
///
/// Its description is the one line that the user sees:
/// `PROBLEM (PLACE): REMEDY`.
public protocol Fault: Error, CustomStringConvertible, Sendable {
  /// Decides the exit status.
  var kind: FaultKind { get }
  /// What is wrong.
  var problem: String { get }
  /// Where: a file, a row, a hyper-parameter. Nil when there is no such place.
  var place: String? { get }
  /// How to mend it.
  var remedy: String { get }
}

extension Fault {
  public var description: String {
    let place = place.map { " (\($0))" } ?? ""
    return "\(problem)\(place): \(remedy)"
  }
}
