import Diagnostics
import Foundation
import Synchronization

/// A file that keeps the state of a long training, renewed after every epoch.
public struct CheckpointFile: Hashable, Sendable {
  /// Where it is, or will be once the first epoch has ended.
  public var url: URL
  /// Whether training goes on from what the file holds.
  public var resumes: Bool

  /// By default: training starts anew.
  public init(_ url: URL, resumes: Bool = false) {
    self.url = url
    self.resumes = resumes
  }
}

/// The circumstances of a piece of work, as opposed to what is to be done.
public struct RunContext: Sendable {
  /// Determines every random choice.
  public var seed: UInt64
  /// The most threads to use; changes no result.
  public var threadCount: Int
  /// The most bytes to use beyond the samples themselves.
  public var memoryBudget: Int
  /// Height, width and channels when the samples are images, else nil.
  public var imageShape: ImageShape?
  /// Where detectors that train in epochs keep their state; nil for nowhere.
  public var checkpoint: CheckpointFile?
  /// Is told of every step; silent by default.
  public var progress: any ProgressSink
  /// Ends the work with a `CancellationError` when asked to.
  public var cancellation: Cancellation
  /// The processes that share the work; alone by default.
  package var team = Team.alone

  /// By default: seed 0, the threads of the work that it is part of (at first
  /// every processor), half of the memory that the process may have.
  public init(
    seed: UInt64 = 0,
    threadCount: Int? = nil,
    memoryBudget: Int? = nil,
    imageShape: ImageShape? = nil,
    checkpoint: CheckpointFile? = nil,
    progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.seed = seed
    self.threadCount = threadCount ?? Parallel.threadCount
    self.memoryBudget = memoryBudget ?? MachineMemory.usable / 2
    self.imageShape = imageShape
    self.checkpoint = checkpoint
    self.progress = progress
    self.cancellation = cancellation
  }
}

extension RunContext {
  /// Tells whoever watches of something that the work was not stopped by.
  public func warn(_ line: FaultMessage) { progress.warn(line) }

  /// Tells whoever watches what was understood of the data.
  public func note(_ line: FaultMessage) { progress.note(line) }

  /// For work that every process does as a whole.
  package var alone: RunContext {
    var alone = self
    alone.team = .alone
    return alone
  }

  /// Without progress, for the parts of work that reports as a whole.
  package var quiet: RunContext {
    var quiet = self
    quiet.progress = SilentProgress()
    return quiet
  }

  /// Does work whose parallel loops keep to the threads of this context.
  package func withThreads<Result>(
    _ work: () throws -> Result
  ) rethrows -> Result {
    try Parallel.$threadCount.withValue(threadCount, operation: work)
  }

  /// Calls `body` with the blocks of indices below `count`, in any order and on
  /// the context's threads.
  ///
  /// - Parameter stage: What progress calls the work.
  /// - Throws: `CancellationError`, once the blocks under way are done; the
  ///   error of the first block that failed.
  package func forEachBlock(
    _ count: Int, size: Int, stage: String,
    _ body: (Range<Int>) throws -> Void
  ) throws {
    let blocks = Parallel.blocks(count, size: size)
    let finished = Atomic<Int>(0)
    try withThreads {
      _ = try Parallel.map(blocks.count) { index in
        try cancellation.check()
        try body(blocks[index])
        progress.report(
          ProgressReport(
            stage: stage,
            completed: finished.add(
              blocks[index].count, ordering: .relaxed
            ).newValue, total: count))
      }
    }
  }

  /// An array of `count` elements, each block of which `body` fills.
  ///
  /// - Throws: As `forEachBlock`.
  package func fill<Element: BitwiseCopyable>(
    _ count: Int, blockSize: Int, stage: String,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Element>) throws -> Void
  ) throws -> [Element] {
    try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let whole = buffer
      try forEachBlock(count, size: blockSize, stage: stage) {
        try body($0, UnsafeMutableBufferPointer(rebasing: whole[$0]))
      }
      initialized = count
    }
  }
}
