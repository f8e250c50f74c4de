import Diagnostics
import Files
import Foundation

/// What tells the parts of one study from others: `shard.json` in their
/// folders.
struct ShardRecord: Codable, Hashable {
  /// The file of the study, from the root.
  let study: String
  /// Of its bytes.
  let checksum: String
  /// Of this toolkit.
  let version: String
  let shard: Shard

  init(_ shard: Shard, of study: Study) throws {
    let file = URL(fileURLWithPath: study.path)
    self.study = file.standardizedFileURL.path
    checksum = try Self.checksum(of: file)
    version = anomalyKitVersion
    self.shard = shard
  }

  /// - Throws: `FileFault`.
  init(in folder: URL) throws {
    let file = Self.file(in: folder)
    self = try MappedFile(file).withBytes {
      do {
        return try JSONText.decode(ShardRecord.self, from: Data($0))
      } catch is DecodingError {
        throw FileFault.malformed(
          path: file.path, problem: "it tells of no part of a study",
          remedy: "give folders that ablate \(option: "shard") has written")
      }
    }
  }

  static func file(in folder: URL) -> URL {
    folder.appendingPathComponent("shard.json")
  }

  func write(to folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try WholeFile.write(encoder.encode(self), to: Self.file(in: folder))
  }

  static func checksum(of study: URL) throws -> String {
    try MappedFile(study).withBytes {
      var checksum = Checksum()
      checksum.add($0)
      return checksum.text
    }
  }

  /// Whether another part is of the same whole.
  func isOfSameStudy(as other: ShardRecord) -> Bool {
    (study, checksum, version, shard.count)
      == (other.study, other.checksum, other.version, other.shard.count)
  }
}

extension Ablation {
  /// Puts the parts of a study together: afterwards `run(in:)` finds all runs
  /// finished.
  ///
  /// What is there already stays, so that parts may come one after the other.
  ///
  /// - Parameters:
  ///   - parts: The folders of some or all parts.
  ///   - folder: As for a study that is run whole.
  ///   - catalog: Where the detectors are found.
  /// - Throws: `FileFault`; `StudyFault.otherStudy` for parts of different
  ///   studies or versions.
  public init(
    merging parts: [URL], in folder: URL, catalog: DetectorCatalog = .standard
  ) throws {
    let records = try parts.map(ShardRecord.init)
    guard let first = records.first else {
      preconditionFailure("no parts")
    }
    func refused(_ part: URL, _ reason: String) -> StudyFault {
      .otherPart(folder: part.relativePath, reason: reason)
    }
    for (part, record) in zip(parts, records) {
      guard record.version == anomalyKitVersion else {
        throw refused(
          part,
          "it was run by version \(record.version), this is"
            + " \(anomalyKitVersion)")
      }
      guard record.isOfSameStudy(as: first) else {
        throw refused(part, "it is part of another study than the first folder")
      }
    }
    let file = URL(fileURLWithPath: first.study)
    guard try ShardRecord.checksum(of: file) == first.checksum else {
      throw refused(parts[0], "\(first.study) has changed since")
    }
    try self.init(Study(contentsOf: file, catalog: catalog), in: folder)
    shardCount = first.shard.count
    for part in parts {
      try adopt(
        RunJournal(
          part.appendingPathComponent("runs.jsonl"),
          of: study.datasets.map(\.path)
        ).runs, of: part)
    }
  }
}
