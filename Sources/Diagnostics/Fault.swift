/// What a fault means for a script: the exit status of the command line.
///
/// The numbers are those of `sysexits.h`.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
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
/// Its text is the one line that the user sees: `PROBLEM (PLACE): REMEDY`.
public protocol Fault: Error, CustomStringConvertible, Sendable {
  /// Decides the exit status.
  var kind: FaultKind { get }
  /// What is wrong.
  var problem: FaultMessage { get }
  /// Where: a file, a row. Nil when there is no such place.
  var place: String? { get }
  /// How to mend it.
  var remedy: FaultMessage { get }
}

extension Fault {
  /// None.
  public var place: String? { nil }

  /// The line for a programmer.
  public var description: String { text(for: .programmer) }

  /// The line, with options called as its reader knows them.
  public func text(for reader: FaultMessage.Reader) -> String {
    FaultMessage(self).text(for: reader)
  }
}

extension FaultMessage {
  /// The line of any error.
  public init(_ error: any Error) {
    guard let fault = error as? any Fault else {
      self.init("\(error)")
      return
    }
    self =
      "\(fault.problem)\(fault.place.map { " (\($0))" } ?? ""): \(fault.remedy)"
  }
}
