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

extension Dataset {
  /// Checks that all processes of a run have found the same samples, by names,
  /// labels and sizes.
  ///
  /// - Throws: `DatasetFault.otherSamples`, in all of them.
  package func checkSame(in team: Team) throws {
    try categories.flatMap { [$0.train, $0.test] }.checkSame(in: team)
  }
}

extension [SampleSet] {
  /// The same of some sets.
  package func checkSame(in team: Team) throws {
    guard !team.isAlone else { return }
    var outline = Checksum()
    for set in self { set.addOutline(to: &outline) }
    let all = team.gathered([outline.value])
    if let rank = all.firstIndex(where: { $0 != all[0] }) {
      throw DatasetFault.otherSamples(rank: rank)
    }
  }
}

extension SampleSet {
  /// The same of one set.
  package func checksum(in context: RunContext) throws -> String {
    var checksum = Checksum()
    try add(to: &checksum, in: context)
    return checksum.text
  }

  /// Adds what samples are called.
  private func addNames(to checksum: inout Checksum) {
    for sample in samples {
      let label = sample.label.map(String.init) ?? ""
      checksum.add("\(sample.category)/\(sample.id) \(label)\n")
    }
  }

  /// Adds what can be told without reading the contents: names, labels, sizes.
  package func addOutline(to checksum: inout Checksum) {
    addNames(to: &checksum)
    checksum.add("\(source.rows) x \(source.columns)\n")
    for file in files?.pictures ?? [] {
      var status = stat()
      stat(file.url.path, &status)
      checksum.add("\(status.st_size)\n")
    }
  }

  fileprivate func add(
    to checksum: inout Checksum, in context: RunContext
  ) throws {
    addNames(to: &checksum)
    let team = context.team
    var (own, count) = (Checksum(), 0)
    func add(_ bytes: UnsafeRawBufferPointer) {
      own.add(bytes)
      count += bytes.count
    }
    if let files {
      for file in files.pictures[team.share(of: files.pictures.count)] {
        try context.cancellation.check()
        try file.open().withBytes { add($0) }
      }
    } else {
      let rows = team.rows(of: source.rows, blockSize: HeldRows.blockSize)
      try source.forEachBlock(from: rows, in: context) { _, block in
        block.values.withUnsafeBytes { add($0) }
      }
    }
    for (part, size) in zip(team.gathered([own]), team.gathered([count])) {
      checksum.add(part, count: size)
    }
  }
}
