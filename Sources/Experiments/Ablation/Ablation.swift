import Datasets
import Detectors
import Diagnostics
import Execution
import Files
import Foundation

/// A study under way: its runs, those finished before, and the folder that
/// keeps them.
public struct Ablation {
  /// What is run.
  public let study: Study
  private let plan: StudyPlan
  /// What is run here; all of it unless this is a part.
  private let chosen: Set<AblationRun.Identity>
  private let folder: URL
  /// The number of parts that were put together; 1 for a study run whole.
  var shardCount = 1
  private let journal: RunJournal

  /// Opens the datasets and the folder, and finds what is still to be run.
  ///
  /// - Parameters:
  ///   - study: What to run.
  ///   - folder: A new or empty one, or one that this study was run in before;
  ///     finished runs that the study still asks for are not run again.
  ///   - shard: Which part of the runs to do; nil does all.
  ///   - context: Its memory budget is the most that the data may take while
  ///     they are read; what is understood of them is told.
  /// - Throws: `StudyFault`, `FileFault`.
  public init(
    _ study: Study, in folder: URL, shard: Shard? = nil,
    with context: RunContext = RunContext()
  ) throws {
    self.study = study
    self.folder = folder
    plan = try StudyPlan(study, in: context)
    chosen = Set(plan.cells(of: shard).map(\.identity))
    let file = folder.appendingPathComponent("runs.jsonl")
    try OutputFolder.create(folder)
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: folder.path)
    guard
      names?.isEmpty ?? true || names?.contains(file.lastPathComponent) ?? false
    else {
      throw StudyFault.otherStudy(
        folder: folder.relativePath,
        reason: "the folder holds files of something else")
    }
    journal = try RunJournal(file, of: study.datasets.map(\.path))
    let planned = Set(plan.cells.map(\.identity))
    guard journal.runs.keys.allSatisfy(planned.contains) else {
      throw StudyFault.otherStudy(
        folder: folder.relativePath,
        reason: "the folder holds runs of another study")
    }
    if let shard { try ShardRecord(shard, of: study).write(to: folder) }
  }

  /// Takes over finished runs of another folder.
  ///
  /// - Throws: `StudyFault.otherPart` for runs that the study does not ask for.
  func adopt(_ runs: [AblationRun.Identity: AblationRun], of part: URL) throws {
    let cells = plan.cells.filter { runs[$0.identity] != nil }
    guard cells.count == runs.count else {
      throw StudyFault.otherPart(
        folder: part.relativePath, reason: "it holds runs of another study")
    }
    for cell in cells where journal.runs[cell.identity] == nil {
      if let run = runs[cell.identity] { try journal.append(run) }
    }
  }

  /// The parts that have runs which are not finished.
  public var unfinishedShards: [Shard] {
    (1...shardCount).compactMap { Shard($0, of: shardCount) }.filter { shard in
      plan.cells(of: shard).contains { journal.runs[$0.identity] == nil }
    }
  }

  private func missing(
    among chosen: Set<AblationRun.Identity>
  ) -> [StudyPlan.Cell] {
    plan.cells.filter {
      chosen.contains($0.identity) && journal.runs[$0.identity] == nil
    }
  }

  /// What is to be done, in a line.
  public var remainingWork: String {
    let cells = plan.cells.filter { chosen.contains($0.identity) }
    let missing = missing(among: chosen)
    func count(_ number: Int, _ name: String, _ plural: String) -> String {
      "\(number) \(number == 1 ? name : plural)"
    }
    let categories = Set(
      cells.map { "\($0.identity.dataset)/\($0.identity.category)" })
    let size =
      "\(study.name): \(count(cells.count, "run", "runs")) ("
      + [
        count(study.settings.count, "setting", "settings"),
        count(categories.count, "category", "categories"),
        count(study.seeds.count, "seed", "seeds"),
      ].joined(separator: ", ") + ")"
    guard !missing.isEmpty else { return size + ", all finished before" }
    let finished =
      missing.count < cells.count
      ? ", \(cells.count - missing.count) finished before" : ""
    let seconds = missing.map(\.expectedSeconds).reduce(0, +)
    return size + finished + ", about \(durationInWords(seconds)) to go"
  }

  /// Runs what is missing; every finished run is kept at once, in
  /// `runs.jsonl`.
  ///
  /// A run that fails does not stop the others.
  ///
  /// - Throws: `StudyFault` for a dataset that has changed or gone,
  ///   `FileFault.unwritable`, `CancellationError`.
  public func run(in context: RunContext) throws -> AblationResults {
    let failures = Dictionary(
      uniqueKeysWithValues: try runMissing(in: context).map {
        ($0.identity, $0)
      })
    return try AblationResults(
      study: study,
      entries: plan.slices.flatMap { slice in
        slice.cells.compactMap { cell in
          (journal.runs[cell.identity] ?? failures[cell.identity]).map {
            AblationResults.Entry(run: $0, test: slice.category.test)
          }
        }
      }, in: context)
  }

  /// Does the runs that are missing, and makes nothing of them: for a part.
  ///
  /// - Returns: Those that failed.
  /// - Throws: As `run(in:)`.
  public func runMissing(in context: RunContext) throws -> [AblationRun] {
    var failures: [AblationRun] = []
    var progress = AblationProgress(
      context.progress, missing: missing(among: chosen))
    var context = context
    context.progress = progress.warnings
    for slice in plan.slices {
      let checksum = try study.blaming(slice.source) {
        try slice.category.checksum(in: context)
      }
      guard
        slice.cells.allSatisfy({
          journal.runs[$0.identity].map { $0.dataChecksum == checksum } ?? true
        })
      else {
        throw StudyFault.otherStudy(
          folder: folder.relativePath,
          reason: "\(slice.source.path) has changed since the runs there")
      }
      for run in slice.cells.compactMap({ journal.runs[$0.identity] })
      where !run.figuresBelong(to: slice.category.test) {
        throw StudyFault.otherStudy(
          folder: folder.relativePath,
          reason: "runs.jsonl holds figures that do not belong to its scores")
      }
      for preparation in slice.preparations {
        let missing = preparation.cells.filter {
          chosen.contains($0.identity) && journal.runs[$0.identity] == nil
        }
        guard let first = missing.first else { continue }
        progress.begin(first)
        var category = try prepare(preparation, of: slice, in: context)
        for cell in missing {
          try context.cancellation.check()
          progress.begin(cell)
          let run = try run(
            cell, of: slice, on: &category, checksum: checksum, in: context)
          if run.failure == nil {
            try journal.append(run)
          } else {
            failures.append(run)
            context.warn(FaultMessage(run.complaint(in: study)))
          }
          progress.finish(cell)
        }
      }
    }
    return failures
  }

  /// - Throws: `CancellationError`, and `StudyFault` when the dataset has gone;
  ///   what else keeps the features from being made fails the runs.
  private func prepare(
    _ preparation: StudyPlan.SharedFeatures, of slice: StudyPlan.Slice,
    in context: RunContext
  ) throws -> ComparedCategory {
    let category = try ComparedCategory(
      slice.category, preparation.workload, of: slice.dataset, in: context)
    if let error = category.failure as? FileFault {
      try study.blaming(slice.source) { throw error }
    }
    return category
  }

  private func run(
    _ cell: StudyPlan.Cell, of slice: StudyPlan.Slice,
    on category: inout ComparedCategory, checksum: String,
    in context: RunContext
  ) throws -> AblationRun {
    PeakMemory.reset()
    let run = try category.run(
      cell.detector, seed: cell.identity.seed, in: context)
    return AblationRun(
      identity: cell.identity, result: run.result, dataChecksum: checksum,
      peakMemory: PeakMemory.bytes, version: anomalyKitVersion,
      arguments: slice.arguments(for: cell.identity, in: study),
      scores: run.scores,
      failure: run.failure.map { FaultMessage($0).text(for: .study) })
  }
}

/// The runs of a study as one piece of work.
private struct AblationProgress {
  private let sink: any ProgressSink
  private let count: Int
  private let seconds: Double
  private var doneCount = 0
  private var doneSeconds = 0.0

  init(_ sink: any ProgressSink, missing: [StudyPlan.Cell]) {
    self.sink = sink
    count = missing.count
    seconds = missing.map(\.expectedSeconds).reduce(0, +)
  }

  /// For the runs themselves, whose own progress would hide this one.
  var warnings: any ProgressSink { Warnings(sink: sink) }

  func begin(_ cell: StudyPlan.Cell) {
    sink.report(
      ProgressReport(
        stage: "runs", completed: doneCount, total: count,
        detail: "\(cell.detector.name), \(cell.identity.category)",
        share: doneSeconds / seconds))
  }

  mutating func finish(_ cell: StudyPlan.Cell) {
    doneCount += 1
    doneSeconds += cell.expectedSeconds
  }

  private struct Warnings: ProgressSink {
    let sink: any ProgressSink
    func report(_ progress: ProgressReport) {}
    func warn(_ line: FaultMessage) { sink.warn(line) }
    func note(_ line: FaultMessage) { sink.note(line) }
  }
}
