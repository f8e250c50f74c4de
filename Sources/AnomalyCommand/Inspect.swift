import AnomalyKit
import ArgumentParser
import Foundation

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model makes of images, and of edited latent codes.",
    discussion: """
      Writes inspection.png: the strangest and the most ordinary test images, \
      where the model sees them strange; where it makes reconstructions those, \
      where the two differ, and one row of them for each --latent; and of \
      autoencoders \
      latent-codes.csv and the training's history.csv and history.svg.
      """)

  @OptionGroup var data: DatasetArguments

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @Option(
    parsing: .singleValue,
    help: """
      A change to one number of the latent code, counted from 0, such as \
      "0*=2", "3+=1.5" or "1=0"; may be repeated.
      """)
  var latent: [LatentEdit] = []

  @Option(help: "How many images to show.")
  var count = 8

  @OptionGroup var arguments: RunArguments

  @Option(help: "The folder to write.")
  var output: String

  func validate() throws {
    guard 1...64 ~= count else {
      throw ValidationError("--count \(count): use 1 to 64")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let folder = URL(fileURLWithPath: output)
    try OutputFolder.withLock(folder) {
      let report = try session.run {
        InspectionReport(
          try Inspection(
            data.openCategory(in: session.context).test,
            by: FittedPipeline(
              contentsOf: URL(fileURLWithPath: model),
              catalog: AnomalyCommandLine.catalog),
            count: count, edits: latent, in: session.context))
      }
      InputFiles.keep([URL(fileURLWithPath: model)])
      try report.write(to: folder)
    }
  }
}

extension LatentEdit: ExpressibleByArgument {
  /// Reads an edit as `LatentEdit.init(_:)` does, such as `0*=2`.
  public init?(argument: String) { self.init(argument) }
}
