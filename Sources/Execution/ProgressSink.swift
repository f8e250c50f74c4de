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
  /// The share of the work that is done, where units differ in length; nil
  /// counts them as equal.
  public var share: Double?

  public init(
    stage: String, completed: Int, total: Int? = nil, detail: String? = nil,
    share: Double? = nil
  ) {
    self.stage = stage
    self.completed = completed
    self.total = total
    self.detail = detail
    self.share = share
  }
}

/// Receives the progress of long work; called from any thread.
public protocol ProgressSink: Sendable {
  func report(_ progress: ProgressReport)
  /// Takes one line that the user should know of before the work is done; by
  /// default it is dropped.
  func warn(_ line: Message)
}

extension ProgressSink {
  public func warn(_ line: Message) {}
}

/// Drops every report.
public struct SilentProgress: ProgressSink {
  public init() {}
  public func report(_ progress: ProgressReport) {}
}
