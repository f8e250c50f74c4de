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
  public func checksum(in context: RunContext = RunContext()) throws -> String {
    var checksum = Checksum()
    for set in isTransductive ? [test] : [train, test] {
      try set.add(to: &checksum, in: context)
    }
    return checksum.text
  }
}

extension SampleSet {
  /// The same of one set.
  package func checksum(in context: RunContext) throws -> String {
    var checksum = Checksum()
    try add(to: &checksum, in: context)
    return checksum.text
  }

  fileprivate func add(
    to checksum: inout Checksum, in context: RunContext
  ) throws {
    for sample in samples {
      let label = sample.label.map(String.init) ?? ""
      checksum.add("\(sample.category)/\(sample.id) \(label)\n")
    }
    guard let files else {
      return try source.forEachBlock(in: context) { _, block in
        block.values.withUnsafeBytes { checksum.add($0) }
      }
    }
    for file in files.pictures {
      try context.cancellation.check()
      try file.open().withBytes { checksum.add($0) }
    }
  }
}
