import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra

extension DatasetCategory {
  /// A checksum of ids, labels and contents of training and test samples, to
  /// tell whether figures still belong to the data, such as `crc32:0a1b2c3d`.
  ///
  /// Reads everything; image files as they are on disk.
  ///
  /// - Throws: the faults of reading, `CancellationError`.
  public func checksum(
    cancellation: Cancellation = Cancellation()
  ) throws -> String {
    var checksum = Checksum()
    for set in isTransductive ? [test] : [train, test] {
      try set.add(to: &checksum, cancellation: cancellation)
    }
    return "crc32:" + String(format: "%08x", checksum.value)
  }
}

extension SampleSet {
  fileprivate func add(
    to checksum: inout Checksum, cancellation: Cancellation
  ) throws {
    for sample in samples {
      let label = sample.label.map(String.init) ?? ""
      checksum.add("\(sample.category)/\(sample.id) \(label)\n")
    }
    switch content {
    case .imageFiles:
      for image in samples.compactMap(\.image) {
        try cancellation.check()
        try MappedFile(image).withBytes { checksum.add($0) }
      }
    case .rows(let rows, _):
      for block in Parallel.blocks(rows.rows, size: 4096) {
        try cancellation.check()
        let values = try rows.matrix(ofRows: Array(block))
        values.values.withUnsafeBytes { checksum.add($0) }
      }
    }
  }
}
