import Datasets
import Diagnostics
import Files
import Foundation

/// Some rows of a submission that is made in several parts, in a file of its
/// own.
public struct SubmissionPart: Codable, Hashable, Sendable {
  /// What tells the parts of one submission from others.
  struct Whole: Codable, Hashable {
    /// Of this toolkit.
    var version = anomalyKitVersion
    /// The words of the command, less those that say which part it is.
    let arguments: [String]
    /// Of the names, labels and sizes of the samples, and of the model file.
    let checksum: String
    /// The number of parts.
    let count: Int
    let format: Submission.Format
  }

  let whole: Whole
  let number: Int
  let ids: [String]
  let predictions: [String]
  let pValues: [Double]?

  /// - Parameters:
  ///   - submission: The rows of the part, in the order of the samples.
  ///   - shard: Which part it is.
  ///   - set: All samples.
  ///   - model: The file of the model; nil for one that each part fits.
  ///   - arguments: The words of the command, less those that may differ.
  ///   - format: Of the file that the parts make.
  /// - Throws: `FileFault`.
  public init(
    _ submission: Submission, _ shard: Shard, of set: SampleSet,
    model: URL? = nil, arguments: [String], format: Submission.Format
  ) throws {
    var checksum = Checksum()
    set.addOutline(to: &checksum)
    if let model { try MappedFile(model).withBytes { checksum.add($0) } }
    whole = Whole(
      arguments: arguments, checksum: checksum.text, count: shard.count,
      format: format)
    number = shard.number
    ids = submission.ids
    predictions = submission.predictions
    pValues = submission.pValues
  }

  /// - Throws: `FileFault`.
  public init(contentsOf url: URL) throws {
    self = try MappedFile(url).withBytes {
      do {
        let part = try JSONText.decode(SubmissionPart.self, from: Data($0))
        guard Shard(part.number, of: part.whole.count) != nil,
          part.predictions.count == part.ids.count,
          part.pValues.map({ $0.count == part.ids.count }) ?? true
        else { throw CocoaError(.coderReadCorrupt) }
        return part
      } catch is DecodingError, is CocoaError {
        throw FileFault.malformed(
          path: url.path, problem: "it is no part of a submission",
          remedy: "give files that score or submit \(option: "shard") has"
            + " written")
      }
    }
  }

  /// - Throws: `FileFault.unwritable`; the target is then as it was.
  public func write(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try WholeFile.write(encoder.encode(self), to: url)
  }

  /// The submission of all parts, or the parts that are missing.
  public enum Merged: Sendable {
    case whole(Submission, Submission.Format)
    case missing([Shard])
  }

  /// Puts parts together, in any order; one that is given twice counts once.
  ///
  /// - Throws: `FileFault`; `StudyFault.otherPart` for parts of different
  ///   submissions or versions.
  public static func merging(_ files: [URL]) throws -> Merged {
    let parts = try files.map(SubmissionPart.init(contentsOf:))
    guard let first = parts.first else { preconditionFailure("no parts") }
    for (file, part) in zip(files, parts) where part.whole != first.whole {
      throw StudyFault.otherPart(
        folder: file.relativePath,
        reason: part.whole.version == first.whole.version
          ? "it is part of another submission than the first file: of other"
            + " samples, options or another model"
          : "it was made by version \(part.whole.version), the first by"
            + " \(first.whole.version)")
    }
    let byNumber = Dictionary(
      parts.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    let missing = (1...first.whole.count).filter { byNumber[$0] == nil }
      .compactMap { Shard($0, of: first.whole.count) }
    guard missing.isEmpty else { return .missing(missing) }
    let all = (1...first.whole.count).compactMap { byNumber[$0] }
    var submission = Submission(ids: all.flatMap(\.ids), scores: [])
    submission.predictions = all.flatMap(\.predictions)
    if first.pValues != nil {
      submission.pValues = all.flatMap { $0.pValues ?? [] }
    }
    return .whole(submission, first.whole.format)
  }
}
