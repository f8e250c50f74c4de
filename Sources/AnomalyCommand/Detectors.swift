import AnomalyKit
import ArgumentParser

struct Detectors: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the detectors, or what can be set of one.",
    discussion: """
      The parameters are options of the command, factors of a study and, in \
      Swift, properties of the detector.
      """)

  @Argument(
    help: "The detector whose parameters are listed.",
    completion: .list(AnomalyCommandLine.catalog.names))
  var detector: String?

  @Flag(help: "Print Markdown instead of a table for the terminal.")
  var markdown = false

  func run() throws {
    let catalog = AnomalyCommandLine.catalog
    let report =
      try detector.map { CatalogReport(try catalog.description(named: $0)) }
      ?? CatalogReport(catalog)
    try StandardStreams.print(markdown ? report.markdown : report.text)
  }
}
