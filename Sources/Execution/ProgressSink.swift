import Diagnostics

/// One step of a long piece of work.
public struct ProgressReport: Hashable, Sendable {
  /// What is being done, such as "reading images".
  public var stage: String
  /// Units of work finished.
  public var completed: Int
  /// Units of work in all; nil when that is not known.
  public var total: Int?
  /// A figure worth watching, such as a training loss.
  public var detail: String?
  /// The share of the whole work that is done; nil where only this stage is
  /// known.
  public var share: Double?
  /// Whether it is worth a line of a log, as the end of an epoch is.
  public var isMilestone: Bool

  /// By default: of unknown extent, without a figure, no milestone.
  public init(
    stage: String, completed: Int, total: Int? = nil, detail: String? = nil,
    share: Double? = nil, isMilestone: Bool = false
  ) {
    self.stage = stage
    self.completed = completed
    self.total = total
    self.detail = detail
    self.share = share
    self.isMilestone = isMilestone
  }
}

/// Receives the progress of long work; called from any thread.
public protocol ProgressSink: Sendable {
  /// Takes one step; the work waits until it returns.
  func report(_ progress: ProgressReport)
  /// Takes one line that the user should know of before the work is done; by
  /// default it is dropped.
  func warn(_ line: FaultMessage)
  /// Takes one line on what was understood, such as which column is what; by
  /// default it is dropped.
  func note(_ line: FaultMessage)
}

extension ProgressSink {
  /// Drops the line.
  public func warn(_ line: FaultMessage) {}
  /// Drops the line.
  public func note(_ line: FaultMessage) {}
}

/// Drops every report.
public struct SilentProgress: ProgressSink {
  /// The sink of a `RunContext` that is given none.
  public init() {}
  /// Does nothing.
  public func report(_ progress: ProgressReport) {}
}
