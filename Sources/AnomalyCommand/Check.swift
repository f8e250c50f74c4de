import AnomalyKit
import ArgumentParser
import Foundation

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Learn from good pictures, and tell which new ones are strange.",
    discussion: """
      GOOD and NEW are folders of pictures (PNG, JPEG, BMP), with folders \
      inside them or without, text files with a path a line, or single \
      pictures. Thresholds are made of the good pictures alone. Written are checked.csv and \
      regions.csv, checked.json, report.html, and for each picture overlays/ \
      (where it is strange) and masks/.
      """)

  @Argument(help: "Pictures without defects, two or more.")
  var good: String

  @Argument(help: "The pictures to check.")
  var new: String

  @Option(
    help: ArgumentHelp(
      "The detector.", valueName: calibratingNames.joined(separator: "|")),
    completion: .list(calibratingNames))
  var detector = LocalPCA.description.name

  @Option(
    help: ArgumentHelp(
      "Pixels a side that pictures are seen at (default: 256).",
      valueName: "count"))
  var size: Int?

  @Option(
    help: """
      The share of good pictures that may be called strange; it takes 1/share \
      - 1 of them to keep to it.
      """)
  var falseAlarms = 0.01

  @Option(
    help: """
      A file that keeps what the good pictures taught: read where it exists, \
      else written.
      """)
  var model: String?

  @OptionGroup var arguments: RunArguments

  @Option(help: "The folder to write.")
  var output: String

  private static var calibratingNames: [String] {
    AnomalyCommandLine.catalog.calibratingNames
  }

  func validate() throws {
    for pictures in [good, new] where isInside(output, pictures) {
      throw ValidationError(
        "--output \(output) lies among the pictures of \(pictures): use another"
          + " folder")
    }
  }

  func run() throws {
    let session = Session(arguments)
    let rate = try FalseAlarmRate(falseAlarms)
    let catalog = AnomalyCommandLine.catalog
    let named = try catalog.detector(named: detector)
    let features = try Preparation(
      ParameterSettings(size.map { ["size": "\($0)"] } ?? [:])
    ).features
    let report = try session.run {
      let good = try SampleSet(picturesAt: URL(fileURLWithPath: good))
      let new = try SampleSet(picturesAt: URL(fileURLWithPath: new))
      let parts = session.context.parts([
        Double(good.count), Double(new.count),
      ])
      let standard = try CalibratedPipeline(
        .learned(
          from: good, by: named, seenAs: features,
          keptIn: model.map { URL(fileURLWithPath: $0) }, catalog: catalog,
          in: parts[0]), falseAlarms: rate)
      if !standard.score.isPromised {
        session.context.warn(
          "\(standard.score.count) good pictures are too few for false alarms of"
            + " \(falseAlarms), which take \(rate.neededCount): the threshold is"
            + " the highest of their scores")
      }
      let folder = URL(fileURLWithPath: output)
      return try OutputFolder.withLock(folder) {
        try CheckReport.write(
          new, by: standard, to: folder, provenance: .thisCommand, in: parts[1])
      }
    }
    for problem in report.problems {
      complain((problem as? any Fault)?.text(for: .commandLine) ?? "\(problem)")
    }
    try StandardStreams.print(
      "\(report.summary): see \(output)/report.html\n")
    if let problem = report.problems.first {
      throw ExitCode((problem as? any Fault)?.kind.rawValue ?? 1)
    }
  }
}

/// Whether what is to be written would lie in a folder that is read.
private func isInside(_ output: String, _ folder: String) -> Bool {
  func path(_ name: String) -> String {
    URL(fileURLWithPath: name).standardizedFileURL.resolvingSymlinksInPath()
      .path + "/"
  }
  return path(output).hasPrefix(path(folder))
}
