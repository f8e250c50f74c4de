import Execution
import Foundation
import Synchronization

/// What several processes would do, each on a thread of its own.
package enum ThreadTeam {
  /// What each process gives, and how many bytes it received.
  ///
  /// - Throws: The error of the first that failed, once all have ended.
  package static func run<Result: Sendable>(
    of size: Int, _ body: @Sendable @escaping (Team) throws -> Result
  ) throws -> [(result: Result, received: Int)] {
    let mail = Mail(size: size)
    let results = Protected<[Int: Swift.Result<Result, any Error>]>([:])
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<size {
      let thread = Thread {
        let team = Team(ThreadProcess(rank: rank, size: size, mail: mail))
        let result = Swift.Result { try body(team) }
        results.withLock { $0[rank] = result }
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<size { done.wait() }
    return try results.withLock { results in
      try (0..<size).compactMap { rank in
        try results[rank].map { (try $0.get(), mail.received(by: rank)) }
      }
    }
  }
}

private struct ThreadProcess: Communicator {
  let rank: Int
  let size: Int
  let mail: Mail

  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int) {
    mail.send(Data(bytes), from: self.rank, to: rank)
  }

  func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int) {
    mail.receive(from: rank, to: self.rank, count: bytes.count)
      .copyBytes(to: bytes)
  }
}

/// The bytes under way between any two processes.
private final class Mail: Sendable {
  private let size: Int
  private let under = Mutex<[Data]>([])
  private let counts = Mutex<[Int: Int]>([:])
  private let condition = NSCondition()

  init(size: Int) {
    self.size = size
    under.withLock { $0 = [Data](repeating: Data(), count: size * size) }
  }

  func received(by rank: Int) -> Int { counts.withLock { $0[rank] ?? 0 } }

  func send(_ data: Data, from: Int, to: Int) {
    condition.lock()
    under.withLock { $0[from * size + to] += data }
    condition.broadcast()
    condition.unlock()
  }

  func receive(from: Int, to: Int, count: Int) -> Data {
    let place = from * size + to
    condition.lock()
    defer { condition.unlock() }
    while under.withLock({ $0[place].count }) < count { condition.wait() }
    counts.withLock { $0[to, default: 0] += count }
    return under.withLock { under in
      let bytes = Data(under[place].prefix(count))
      under[place] = Data(under[place].dropFirst(count))
      return bytes
    }
  }
}
