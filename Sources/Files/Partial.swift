import Foundation
import Synchronization

/// A hidden file or folder beside a target, which it becomes once it is whole.
///
/// It is called `.NAME.NUMBER.partial` and locked by its process. One that is
/// not locked was left behind by a process that was killed: the next one that
/// writes into the same folder removes it.
package enum Partial {
  private struct State {
    var paths: Set<String> = []
    var tidied: Set<String> = []
  }

  private static let state = Mutex(State())

  /// Makes the file or folder.
  ///
  /// - Parameters:
  ///   - path: The target.
  ///   - create: Makes it at the path that it is given, and returns a
  ///     descriptor of it; negative, with `errno`, when it could not.
  /// - Throws: `FileFault.unwritable`, with the path of the target.
  static func make(
    beside path: String, _ create: (String) -> Int32
  ) throws -> (path: String, descriptor: Int32) {
    let folder = (path as NSString).deletingLastPathComponent
    tidy(folder.isEmpty ? "." : folder)
    while true {
      let partial = (folder as NSString).appendingPathComponent(
        ".\((path as NSString).lastPathComponent)"
          + ".\(UInt32.random(in: .min ... .max)).partial")
      state.withLock { _ = $0.paths.insert(partial) }
      let descriptor = create(partial)
      guard descriptor >= 0 else {
        let reason = systemErrorReason()
        forget(partial)
        throw FileFault.unwritable(path: path, reason: reason)
      }
      var status = stat()
      flock(descriptor, LOCK_SH | LOCK_NB)
      // Another process may have tidied up before the lock was there.
      if stat(partial, &status) == 0 { return (partial, descriptor) }
      close(descriptor)
      forget(partial)
    }
  }

  /// To be called once it has become its target.
  static func forget(_ partial: String) {
    state.withLock { _ = $0.paths.remove(partial) }
  }

  static func remove(_ partial: String) {
    // Another thread may be writing into a folder that is being removed.
    for _ in 0..<100 {
      guard unlink(partial) != 0, errno != ENOENT else { break }
      try? FileManager.default.removeItem(atPath: partial)
    }
    forget(partial)
  }

  /// Removes all that this process has made, before it ends at once.
  ///
  /// - Parameter waiting: Whether to wait for whoever holds the list of it,
  ///   which may be the thread that asks; else it may stay as it is.
  package static func removeAll(waiting: Bool = true) {
    let paths =
      waiting
      ? state.withLock { $0.paths }
      : state.withLockIfAvailable { $0.paths } ?? []
    for partial in paths { remove(partial) }
  }

  /// Removes what killed processes have left in a folder, the first time that
  /// this process writes there.
  private static func tidy(_ folder: String) {
    guard state.withLock({ $0.tidied.insert(folder).inserted }) else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    for name in names ?? []
    where name.wholeMatch(of: /\..+\.[0-9]+\.partial/) != nil {
      let path = (folder as NSString).appendingPathComponent(name)
      let descriptor = open(
        path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
      remove(path)
    }
  }
}

extension URL {
  /// The same place without the symbolic links that its last name leads
  /// through, whether or not there is something at their end.
  ///
  /// - Throws: `FileFault.unwritable` for links that lead to each other.
  func followingLinks() throws -> URL {
    var url = self
    for _ in 0..<40 {
      guard
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: url.path)
      else { return url }
      url =
        URL(
          fileURLWithPath: target, relativeTo: url.deletingLastPathComponent()
        ).absoluteURL
    }
    throw FileFault.unwritable(path: path, reason: systemErrorReason(ELOOP))
  }
}
