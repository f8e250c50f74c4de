import Diagnostics

/// Why a study cannot be run.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum StudyFault: Fault, Hashable {
  /// The study asks for something that is not there, at a line of its file.
  case invalid(
    path: String, line: Int, problem: FaultMessage, remedy: FaultMessage)
  /// The output folder holds results that are not this study's.
  case otherStudy(folder: String, reason: String)
  /// A folder is no part of the study that is put together.
  case otherPart(folder: String, reason: String)
  /// Another process is writing into the output folder.
  case inUse(folder: String)

  public var kind: FaultKind { .data }

  public var problem: FaultMessage {
    switch self {
    case .invalid(_, _, let problem, _): problem
    case .otherStudy(_, let reason), .otherPart(_, let reason):
      FaultMessage(reason)
    case .inUse: "another run is writing there"
    }
  }

  public var place: String? {
    switch self {
    case .invalid(let path, let line, _, _): "\(path), line \(line)"
    case .otherStudy(let folder, _), .otherPart(let folder, _),
      .inUse(let folder):
      folder
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .invalid(_, _, _, let remedy): remedy
    case .otherStudy:
      "choose another \(option: "output"), or remove that folder"
    case .otherPart: "give the parts of one study, run by one version"
    case .inUse: "wait for it, or choose another \(option: "output")"
    }
  }
}
