import Datasets
import Detectors
import Diagnostics
import Evaluation
import Files
import Foundation

/// One finished run of a study: what was run, and what came of it.
public struct AblationRun: Codable, Hashable, Sendable {
  /// What tells a run from the others of its study.
  public struct Identity: Codable, Hashable, Sendable {
    /// The dataset, as the command names it.
    public var dataset: String
    /// As `DatasetCategory.name` has it.
    public var category: String
    /// One of `Study.settings`.
    public var setting: StudySetting
    /// One of `Study.seeds`.
    public var seed: UInt64
  }

  /// Dataset, category, setting and seed.
  public var identity: Identity
  /// The figures; without an AUROC when the run failed.
  public var result: DetectorResult
  /// Of the category, as `DatasetCategory.checksum` has it.
  public var dataChecksum: String
  /// Bytes at most while it ran, the shared features included; nil where the
  /// system does not tell.
  public var peakMemory: Int?
  /// Of this toolkit.
  public var version: String
  /// The words of a command that repeats it.
  public var arguments: [String]
  /// The scores of the test samples; empty when the run failed.
  public var scores: [Float]
  /// Why it failed.
  public var failure: String?
}

extension AblationRun {
  /// Its detector and what the study varies, such as "ocsvm, nu 0.1".
  package func label(in study: Study) -> String {
    let varied = study.variations.map(\.factor)
    let values = study.ordered(identity.setting).compactMap { factor, value in
      factor != "detector" && varied.contains(factor)
        ? "\(factor) \(value)" : nil
    }
    return ([result.detector] + values).joined(separator: ", ")
  }

  /// Whether its figures are those of its scores, as far as these tell: a file
  /// of runs may be edited.
  func figuresBelong(to test: SampleSet) -> Bool {
    guard
      scores.count == test.count, let labels = test.labels,
      let evaluation = try? Evaluation(scores: scores, labels: labels)
    else { return false }
    func isClose(_ value: Double?, _ expected: Double) -> Bool {
      value.map { abs($0 - expected) < 1e-9 } ?? false
    }
    let shares =
      [result.pixelAuroc, result.aupro].compactMap { $0 }
      + result.defectAurocs.values
    return isClose(result.auroc, evaluation.auroc)
      && isClose(result.averagePrecision, evaluation.averagePrecision)
      && shares.allSatisfy { 0...1 ~= $0 }
  }

  /// Why it failed, in a line.
  package func complaint(in study: Study) -> String {
    "\(label(in: study)), \(identity.category), seed \(identity.seed)"
      + " failed: \(failure ?? "")"
  }
}

/// The finished runs of a study, in a file that each is appended to at once.
///
/// One JSON document a line. A line that was cut short, by a crash or a full
/// disk, is dropped when the file is opened again.
final class RunJournal {
  private let descriptor: Int32
  private let url: URL
  /// Those that have not failed.
  private(set) var runs: [AblationRun.Identity: AblationRun] = [:]

  /// Opens or makes the file, for this process alone.
  ///
  /// - Parameter datasets: The paths of the study's datasets, from here.
  /// - Throws: `FileFault`, `StudyFault.inUse`.
  init(_ url: URL, of datasets: [String]) throws {
    self.url = url
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    // From here on, what is thrown closes the file.
    guard descriptor >= 0 else { throw unwritable }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StudyFault.inUse(
        folder: url.deletingLastPathComponent().relativePath)
    }
    let bytes = try MappedFile(url).withBytes { Data($0) }
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let decoder = JSONDecoder()
    for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
      do {
        var run = try JSONText.decode(
          AblationRun.self, from: line, by: decoder)
        run.identity.dataset = Self.path(run.identity.dataset, among: datasets)
        runs[run.identity] = run
      } catch {
        throw FileFault.malformed(
          path: url.path, problem: "a line is no finished run",
          remedy: "choose another \(option: "output"), or remove that folder")
      }
    }
    guard ftruncate(descriptor, off_t(end)) == 0,
      lseek(descriptor, 0, SEEK_END) >= 0
    else { throw unwritable }
  }

  /// The dataset that was called by a path from the working directory of an
  /// earlier run, which may have been another one.
  private static func path(_ told: String, among datasets: [String]) -> String {
    datasets.first { $0 == told }
      ?? datasets.first {
        let path = URL(fileURLWithPath: $0).path
        return path == told || path.hasSuffix("/" + told)
      } ?? told
  }

  /// - Throws: `FileFault.unwritable`.
  func append(_ run: AblationRun) throws {
    let line = try JSONEncoder().encode(run) + Data("\n".utf8)
    try line.withUnsafeBytes {
      try writeAll($0, to: descriptor, called: url.path)
    }
    guard fsync(descriptor) == 0 else { throw unwritable }
    runs[run.identity] = run
  }

  private var unwritable: FileFault {
    .unwritable(path: url.path, reason: systemErrorReason())
  }

  deinit { close(descriptor) }
}
