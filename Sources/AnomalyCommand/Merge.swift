import AnomalyKit
import ArgumentParser
import Foundation

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the parts of a study, or of a file of scores, together.",
    discussion: """
      Makes what ablate, score or submit would have made without --shard. Parts \
      of different work, versions or data are refused, and what is missing is \
      told: run it again when that is there.

      for i in 1 2 3; do anomaly ablate STUDY --shard $i/3 --output part-$i; done
      anomaly merge part-* --output whole
      """)

  @Argument(help: "The folders of a study's parts, or the files of others.")
  var parts: [String]

  @Option(
    help: """
      The folder of the study, which may have been begun, or the CSV file.
      """)
  var output: String

  @OptionGroup var resources: ResourceArguments

  func run() throws {
    if parts.contains(where: { Self.isFile($0) }) { return try mergeScores() }
    let session = Session(resources)
    let folder = URL(fileURLWithPath: output)
    let ablation = try Ablation(
      merging: parts.map { URL(fileURLWithPath: $0) }, in: folder,
      catalog: AnomalyCommandLine.catalog)
    let missing = ablation.unfinishedShards
    guard missing.isEmpty else { throw Self.failure(missing) }
    try ablation.finish(in: folder, session)
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  private func mergeScores() throws {
    let files = parts.map { URL(fileURLWithPath: $0) }
    switch try SubmissionPart.merging(files) {
    case .missing(let missing): throw Self.failure(missing)
    case .whole(let submission, let format):
      InputFiles.keep(files)
      try submission.write(to: URL(fileURLWithPath: output), format: format)
      submission.tellCount(in: output, shard: nil)
    }
  }

  /// Says which parts are to be run, and gives what the command ends with.
  private static func failure(_ missing: [Shard]) -> ExitCode {
    complain(
      "runs are missing of the parts "
        + missing.map(\.description).joined(separator: ", ")
        + ": run them, then merge again")
    return ExitCode(FaultKind.data.rawValue)
  }
}
