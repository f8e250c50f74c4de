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
      latent-codes.csv and the training's history.csv and history.svg. The \
      layers of a network are printed.

        anomaly inspect data --model m.safetensors --output seen
      """)

  @OptionGroup var data: DatasetArguments

  @Option(help: "The model file that `anomaly fit` wrote.")
  var model: String

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A change to one number of the latent code, counted from 0, such as"
        + " \"0*=2\", \"3+=1.5\" or \"1=0\"; may be repeated.",
      valueName: "change such as 0*=2"))
  var latent: [LatentEdit] = []

  @Option(
    help: ArgumentHelp("How many images to show.", valueName: "count"))
  var count = 8

  @OptionGroup var arguments: RunArguments

  @Option(help: "The folder to write.")
  var output: String

  func validate() throws {
    try data.check(output: output)
    guard 1...64 ~= count else {
      throw ValidationError("--count \(count): use 1 to 64")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let folder = URL(fileURLWithPath: output)
    try OutputFolder.withLock(folder) {
      let report = try session.run {
        let pipeline = try FittedPipeline(
          contentsOf: URL(fileURLWithPath: model),
          catalog: AnomalyCommandLine.catalog)
        return InspectionReport(
          try Inspection(
            data.openTest(for: pipeline, in: session.context), by: pipeline,
            count: count, edits: latent, in: session.context))
      }
      InputFiles.keep([URL(fileURLWithPath: model)])
      try report.write(to: folder)
      try StandardStreams.print(report.text)
    }
  }
}

extension LatentEdit: ExpressibleByArgument {
  /// Reads an edit as `LatentEdit.init(_:)` does, such as `0*=2`.
  public init?(argument: String) { self.init(argument) }
}
