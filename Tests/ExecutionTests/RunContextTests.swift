import Execution
import Testing

@Suite("Run context")
struct RunContextTests {
  @Test("Blocks stop at a request, and tell how far they came until then")
  func cancellation() throws {
    final class Last: ProgressSink {
      let completed = Protected(0)
      let cancellation: Cancellation
      init(_ cancellation: Cancellation) { self.cancellation = cancellation }
      func report(_ progress: ProgressReport) {
        completed.withLock { $0 = max($0, progress.completed) }
        if progress.completed >= 30 { cancellation.cancel() }
      }
    }
    let cancellation = Cancellation()
    let last = Last(cancellation)
    let context = RunContext(
      threadCount: 2, progress: last, cancellation: cancellation)
    let visited = Protected(0)
    #expect(throws: CancellationError.self) {
      try context.forEachBlock(1000, size: 10, stage: "work") { block in
        visited.withLock { $0 += block.count }
      }
    }
    let count = visited.withLock(\.self)
    #expect(count >= 30 && count <= 60)
    #expect(last.completed.withLock(\.self) == count)
  }

  @Test("A context keeps its loops to its threads")
  func threads() throws {
    let context = RunContext(threadCount: 1)
    let counts: [Int] = try context.fill(8, blockSize: 1, stage: "work") {
      block, counts in
      counts.initialize(repeating: Parallel.threadCount)
    }
    #expect(counts == [Int](repeating: 1, count: 8))
  }

  @Test("The parts of a whole move one share, and never back")
  func parts() {
    final class Shares: ProgressSink {
      let values = Protected<[Double]>([])
      func report(_ progress: ProgressReport) {
        values.withLock { $0.append(progress.share ?? -1) }
      }
    }
    let shares = Shares()
    let parts = RunContext(progress: shares).parts([1, 3])
    func work(_ part: RunContext, _ stage: String) {
      for step in 0...4 {
        part.progress.report(
          ProgressReport(stage: stage, completed: step, total: 4))
      }
    }
    work(parts[0], "reading")
    // The same stage again and again, as of several starts.
    for _ in 0..<3 { work(parts[1], "clustering") }
    work(parts[1].parts([1])[0], "scoring")
    let values = shares.values.withLock(\.self)
    #expect(values.count == 25)
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(values.first == 0)
    #expect(values[4] > 0.1 && values[4] <= 0.25)
    #expect(values[5] == 0.25)
    #expect(values[24] > 0.9 && values[24] <= 1)
  }
}
