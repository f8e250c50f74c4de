import Foundation

/// One of several parts of work whose pieces need nothing of each other, for
/// machines that need nothing of each other either.
public struct Shard: Codable, Hashable, Sendable {
  /// From 1 through `count`.
  public let number: Int
  /// The number of parts.
  public let count: Int

  /// Nil unless 1 <= `number` <= `count` <= 10,000.
  public init?(_ number: Int, of count: Int) {
    guard 1...10_000 ~= count, 1...count ~= number else { return nil }
    self.number = number
    self.count = count
  }

  /// A text such as "2/8"; nil for others.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]),
      let count = Int(parts[1])
    else { return nil }
    self.init(number, of: count)
  }

  /// The part that a job array of Slurm, or an indexed job of Kubernetes, has
  /// given this process; nil outside of them.
  ///
  /// - Parameter environment: The variables of the process.
  public init?(
    ofScheduler environment: [String: String] = ProcessInfo.processInfo
      .environment
  ) {
    func value(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    if let task = value("SLURM_ARRAY_TASK_ID"),
      let count = value("SLURM_ARRAY_TASK_COUNT")
    {
      let step = value("SLURM_ARRAY_TASK_STEP") ?? 1
      let first = value("SLURM_ARRAY_TASK_MIN") ?? 1
      guard step > 0 else { return nil }
      self.init((task - first) / step + 1, of: count)
    } else if let index = value("JOB_COMPLETION_INDEX"),
      let count = value("JOB_COMPLETIONS")
    {
      self.init(index + 1, of: count)
    } else {
      return nil
    }
  }

  /// Which of some pieces are done here.
  ///
  /// Each goes, the dearest first, to the part with least to do (Graham 1969).
  ///
  /// - Parameter costs: Of every piece, in any unit.
  public func takes(_ costs: [Double]) -> [Bool] {
    var loads = [Double](repeating: 0, count: count)
    var takes = [Bool](repeating: false, count: costs.count)
    let order = costs.indices.sorted {
      (-costs[$0], $0) < (-costs[$1], $1)
    }
    for piece in order {
      guard let part = loads.indices.min(by: { loads[$0] < loads[$1] })
      else { continue }
      loads[part] += costs[piece]
      takes[piece] = part == number - 1
    }
    return takes
  }

  /// Which of some rows are scored here: successive ones, in whole blocks of
  /// those that are scored together where there are enough.
  package func rows(of count: Int) -> Range<Int> {
    var size = 256
    while size > 1, count < 2 * size * self.count { size /= 4 }
    let blocks = (count + size - 1) / size
    func start(_ part: Int) -> Int {
      min(count, blocks * part / self.count * size)
    }
    return start(number - 1)..<start(number)
  }
}

extension Shard: CustomStringConvertible {
  public var description: String { "\(number)/\(count)" }
}
