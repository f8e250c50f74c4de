import Diagnostics
import Foundation
import LinearAlgebra

/// The circumstances of a fit, as opposed to its hyper-parameters.
public struct FitContext: Sendable {
  /// Determines every random choice.
  public var seed: UInt64
  /// The most threads to use; changes no result.
  public var threadCount: Int
  /// The most bytes to use beyond the samples themselves.
  public var memoryBudget: Int
  /// Height, width and channels when the samples are images, else nil.
  public var imageShape: ImageShape?
  public var progress: any ProgressSink
  public var cancellation: Cancellation

  /// By default: seed 0, every processor, half of the machine's memory.
  public init(
    seed: UInt64 = 0,
    threadCount: Int = Parallel.availableThreads,
    memoryBudget: Int = Int(ProcessInfo.processInfo.physicalMemory / 2),
    imageShape: ImageShape? = nil,
    progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.seed = seed
    self.threadCount = threadCount
    self.memoryBudget = memoryBudget
    self.imageShape = imageShape
    self.progress = progress
    self.cancellation = cancellation
  }
}
