import Diagnostics
import Foundation

/// A file that keeps the state of a long training, renewed after every epoch.
public struct CheckpointFile: Hashable, Sendable {
  public var url: URL
  /// Whether training goes on from what the file holds.
  public var resumes: Bool

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
  public var progress: any ProgressSink
  public var cancellation: Cancellation

  /// By default: seed 0, every processor, half of the machine's memory.
  public init(
    seed: UInt64 = 0,
    threadCount: Int = Parallel.availableThreads,
    memoryBudget: Int = Int(ProcessInfo.processInfo.physicalMemory / 2),
    imageShape: ImageShape? = nil,
    checkpoint: CheckpointFile? = nil,
    progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.seed = seed
    self.threadCount = threadCount
    self.memoryBudget = memoryBudget
    self.imageShape = imageShape
    self.checkpoint = checkpoint
    self.progress = progress
    self.cancellation = cancellation
  }

  /// Runs `body`, whose loops use at most as many threads as the context says.
  package func bindingThreads<Result>(
    _ body: () throws -> Result
  ) rethrows -> Result {
    try Parallel.$threadCount.withValue(threadCount, operation: body)
  }
}
