import Foundation
import Synchronization

/// Files that something is made of, and that must not be written over by it.
package enum InputFiles {
  private struct State {
    var urls: [URL] = []
    var identities: Set<FileIdentity> = []
    /// The readings under way whose files are kept.
    var keeping = 0
  }

  private static let state = Mutex(State())

  /// Keeps files as they are from now on; those that are not there are passed
  /// over.
  package static func keep(_ urls: [URL]) {
    state.withLock { $0.urls += urls }
  }

  /// Keeps all files that are opened while something is read.
  package static func keepingWhatIsOpened<Result>(
    _ read: () throws -> Result
  ) rethrows -> Result {
    state.withLock { $0.keeping += 1 }
    defer { state.withLock { $0.keeping -= 1 } }
    return try read()
  }

  /// A file is being read.
  static func opened(_ url: URL) {
    state.withLock { if $0.keeping > 0 { $0.urls.append(url) } }
  }

  /// - Throws: `FileFault.unwritable` for a path at which one of them is,
  ///   whatever it is called there.
  package static func check(_ url: URL) throws {
    guard let identity = FileIdentity(at: url) else { return }
    let isInput = state.withLock { state in
      // Most runs write where nothing is, and never come here.
      state.identities.formUnion(
        state.urls.compactMap { FileIdentity(at: $0) })
      state.urls = []
      return state.identities.contains(identity)
    }
    guard !isInput else {
      throw FileFault.unwritable(
        path: url.path, reason: "it is one of the inputs")
    }
  }
}
