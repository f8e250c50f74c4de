import Diagnostics
import Foundation

/// A file that cannot be read or written, or whose bytes are not what its
/// format promises.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum FileFault: Fault, Hashable {
  /// The operating system refused to read.
  case unreadable(path: String, reason: String)
  /// The operating system refused to write.
  case unwritable(path: String, reason: String)
  /// The bytes break the rules of the format.
  case malformed(path: String, problem: FaultMessage, remedy: FaultMessage)

  public var kind: FaultKind {
    switch self {
    case .unreadable, .unwritable: .inputOutput
    case .malformed: .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .unreadable(_, let reason): "cannot read: \(reason)"
    case .unwritable(_, let reason): "cannot write: \(reason)"
    case .malformed(_, let problem, _): problem
    }
  }

  public var place: String? {
    switch self {
    case .unreadable(let path, _), .unwritable(let path, _),
      .malformed(let path, _, _):
      path
    }
  }

  /// What lies beside a path that does not exist and is called almost so.
  private static func meant(_ path: String) -> String? {
    let files = FileManager.default
    guard !files.fileExists(atPath: path) else { return nil }
    let (folder, name) = (
      (path as NSString).deletingLastPathComponent,
      (path as NSString).lastPathComponent
    )
    let names = try? files.contentsOfDirectory(
      atPath: folder.isEmpty ? "." : folder)
    return nearest(name, among: (names ?? []).sorted()).map {
      (folder as NSString).appendingPathComponent($0)
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .unreadable(let path, _):
      Self.meant(path).map { "did you mean \($0)?" }
        ?? "check the path and its permissions"
    case .unwritable: "choose another output or make room and permission there"
    case .malformed(_, _, let remedy): remedy
    }
  }
}

/// The operating system's words for the last error.
package func systemErrorReason(_ code: Int32 = errno) -> String {
  String(cString: strerror(code)).lowercased()
}
