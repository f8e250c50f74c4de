import AnomalyCommand
import AnomalyKit
import CMPI
import Foundation
import Synchronization

/// The processes that `mpirun` has started.
package final class MPIProcesses: RunProcesses {
  package let rank: Int
  package let size: Int
  private let received = Atomic<Int>(0)

  /// Joins them; nil, with a line on standard error, where MPI does not start.
  package init?() {
    var (rank, size): (Int32, Int32) = (0, 1)
    guard communicator_start(&rank, &size) != 0 else { return nil }
    self.rank = Int(rank)
    self.size = Int(size)
  }

  package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int) {
    communicator_send(bytes.baseAddress, bytes.count, Int32(rank))
  }

  package func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int) {
    communicator_receive(bytes.baseAddress, bytes.count, Int32(rank))
    received.add(bytes.count, ordering: .relaxed)
  }

  package func statuses(_ own: Int32, patience: Double?) -> [Int32]? {
    var all = [Int32](repeating: 0, count: size)
    return communicator_statuses(own, &all, patience ?? -1) == 0 ? nil : all
  }

  package func finish() {
    if ProcessInfo.processInfo.environment["ANOMALY_TRAFFIC"] != nil {
      tellTraffic()
    }
    communicator_finish()
  }

  package func abort(status: Int32) -> Never {
    // What was written may still be on its way through the launcher.
    Thread.sleep(forTimeInterval: 0.3)
    communicator_abort(status)
    exit(status)
  }

  /// Says on standard error how many bytes each process has received.
  private func tellTraffic() {
    let all = Team(self).gathered([received.load(ordering: .relaxed)])
    guard rank == 0 else { return }
    let text = all.enumerated().map { "\($0):\($1)" }
      .joined(separator: " ")
    FileHandle.standardError.write(
      Data("anomaly: received bytes, by rank: \(text)\n".utf8))
  }
}
