import AnomalyKit

/// The processes of one run of the command, as an engine such as MPI starts
/// them.
package protocol RunProcesses: Communicator {
  /// The exit statuses of all, once each of them has come to its end; nil when
  /// some have not within some seconds.
  ///
  /// - Parameter patience: In seconds; nil waits for ever.
  func statuses(_ own: Int32, patience: Double?) -> [Int32]?
  /// To be called once all have come to their end.
  func finish()
  /// Ends all.
  func abort(status: Int32) -> Never
}

/// A command whose work several processes can share.
protocol SharedCommand {}

extension RunProcesses {
  /// Waits for the others or ends them, and gives the exit status of all.
  ///
  /// - Parameter tell: Says on standard error why this process fails, behind the
  ///   words that it is given. What all fail for is told once.
  func leave(status: Int32, tell: (String) -> Void) -> Int32 {
    func tellOfThis() {
      guard rank > 0 else { return }
      StandardStreams.endSilence()
      tell("rank \(rank) of \(size): ")
    }
    if rank == 0, status != 0 { tell("") }
    // Whoever is done waits for as long as the others work.
    guard
      let all = statuses(status, patience: status == 0 ? nil : patience)
    else {
      tellOfThis()
      abort(status: status)
    }
    let failed = all.firstIndex { $0 != 0 }
    if failed == rank { tellOfThis() }
    finish()
    return failed.map { all[$0] } ?? 0
  }
}

/// Seconds in which those that fail for the same reason do so.
private let patience = 2.0

extension Team {
  /// Whether this process prints and writes.
  var isFirst: Bool { rank == 0 }
}
