import Synchronization

/// A request to stop, shared between the one who asks and the work that obeys.
public final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  /// Nothing is asked for yet.
  public init() {}

  /// Asks the work to stop at its next check.
  public func cancel() {
    requested.store(true, ordering: .relaxed)
  }

  /// Whether `cancel` has been called; it stays so.
  public var isRequested: Bool {
    requested.load(ordering: .relaxed)
  }

  /// Throws `CancellationError` once `cancel` has been called.
  public func check() throws {
    if isRequested { throw CancellationError() }
  }
}
