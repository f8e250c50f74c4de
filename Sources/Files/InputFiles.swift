import Foundation
import Synchronization

/// Files that something is made of, and that must not be written over by it.
package enum InputFiles {
  private struct State {
    var urls: [URL] = []
    var identities: Set<FileIdentity> = []
  }

  private static let state = Mutex(State())
  /// Whether what this thread opens is kept.
  @TaskLocal private static var keepsOpened = false

  /// Keeps files as they are from now on; those that are not there are passed
  /// over.
  package static func keep(_ urls: [URL]) {
    state.withLock { $0.urls += urls }
  }

  /// Keeps all files that something opens to be read, on this thread.
  package static func keepingWhatIsOpened<Result>(
    by read: () throws -> Result
  ) rethrows -> Result {
    try $keepsOpened.withValue(true, operation: read)
  }

  /// A file is being read.
  static func opened(_ url: URL) {
    if keepsOpened { keep([url]) }
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
