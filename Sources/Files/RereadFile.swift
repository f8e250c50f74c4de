import Foundation
import Synchronization

/// A file that is read again and again: that it has changed since it was first
/// read, or that another has taken its place, is a fault.
package final class RereadFile: Sendable {
  package let url: URL
  private let stamp = Mutex<FileStamp?>(nil)

  /// The reason of the fault.
  package static let change = "it was changed since it was first read"

  package init(_ url: URL) { self.url = url }

  /// - Throws: `FileFault.unreadable`.
  package func open() throws -> MappedFile {
    let file = try MappedFile(url)
    let first = stamp.withLock { stamp in
      stamp = stamp ?? file.stamp
      return stamp
    }
    guard file.stamp == first else {
      throw FileFault.unreadable(path: url.path, reason: Self.change)
    }
    return file
  }
}

extension FileFault {
  /// Whether the file was read before, as it was then.
  package var isOfChange: Bool {
    if case .unreadable(_, RereadFile.change) = self { true } else { false }
  }
}
