import Foundation

/// State that one thread at a time works with.
///
/// By a lock of the system: the thread sanitizer sees what it keeps apart, as
/// on Linux it does not with the standard library's `Mutex`.
package final class Protected<State>: @unchecked Sendable {
  private let lock = NSLock()
  private var state: State

  package init(_ state: State) {
    self.state = state
  }

  package func withLock<Result>(
    _ body: (inout State) throws -> Result
  ) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&state)
  }
}
