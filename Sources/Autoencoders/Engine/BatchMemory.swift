import Execution

/// Memory of finished batches, kept for the next ones.
///
/// A training step allocates the same tens of megabytes again and again; given
/// back to the system, every page of them would be cleared each time. Memory
/// is kept only while somebody reuses it.
package final class BatchMemory: Sendable {
  package static let shared = BatchMemory()

  private struct Shelf {
    /// Memory that nobody refers to, by its size.
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytes = 0
    var users = 0
    /// What is kept at most; more goes back to the system at once.
    var limit = 0
  }

  private let shelf = Protected(Shelf())
  private static let largestLimit = 512 << 20

  private init() {}

  /// Keeps memory while `body` runs; the last to end gives all of it back to
  /// the system.
  ///
  /// - Parameter limit: Bytes kept at most, beside the batches in use: never
  ///   more than 512 MiB, and of several users the smallest limit holds.
  package func reusing<Result, Failure>(
    limit: Int = .max, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    shelf.withLock { shelf in
      let others = shelf.users == 0 ? Self.largestLimit : shelf.limit
      shelf.limit = min(limit, others)
      shelf.users += 1
    }
    defer {
      shelf.withLock { shelf in
        shelf.users -= 1
        guard shelf.users == 0 else { return }
        for pointer in shelf.free.values.joined() { pointer.deallocate() }
        (shelf.free, shelf.bytes) = ([:], 0)
      }
    }
    return try body()
  }

  /// Bytes that are kept for the next batches.
  package var keptBytes: Int { shelf.withLock { $0.bytes } }

  func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let kept = shelf.withLock { shelf in
      let pointer = shelf.free[byteCount]?.popLast()
      if pointer != nil { shelf.bytes -= byteCount }
      return pointer
    }
    return kept ?? .allocate(byteCount: byteCount, alignment: 64)
  }

  func give(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
    let refused = shelf.withLock { shelf in
      guard shelf.users > 0, shelf.bytes + byteCount <= shelf.limit else {
        return true
      }
      shelf.free[byteCount, default: []].append(pointer)
      shelf.bytes += byteCount
      return false
    }
    if refused { pointer.deallocate() }
  }
}
