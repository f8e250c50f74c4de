import AnomalyKit
import ArgumentParser
import Foundation

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the parts of a study together.",
    discussion: """
      Makes the folder that ablate would have made without --shard. What is \
      there stays: parts may come one after the other. Parts of different \
      studies, versions or data are refused, and what is missing is told.

      for i in 1 2 3; do anomaly ablate STUDY --shard $i/3 --output part-$i; done
      anomaly merge part-* --output whole
      """)

  @Argument(help: "The folders of the parts.")
  var parts: [String]

  @Option(help: "The folder to write; one that was begun is gone on with.")
  var output: String

  @OptionGroup var resources: ResourceArguments

  func run() throws {
    let session = Session(resources)
    let folder = URL(fileURLWithPath: output)
    let ablation = try Ablation(
      merging: parts.map { URL(fileURLWithPath: $0) }, in: folder,
      catalog: AnomalyCommandLine.catalog)
    let missing = ablation.unfinishedShards
    guard missing.isEmpty else {
      complain(
        "runs are missing of the parts "
          + missing.map(\.description).joined(separator: ", ")
          + ": run them, then merge again")
      throw ExitCode(FaultKind.data.rawValue)
    }
    try ablation.finish(in: folder, session)
  }
}
