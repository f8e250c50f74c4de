import AnomalyKit
import ArgumentParser

/// Whether alike samples have a model of their own.
struct GroupArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Groups of alike samples, each with a model of its own (default: auto"
        + " with --pool, for networks off).", valueName: "auto|N|off"))
  var groups: Grouping?

  /// What holds for some data.
  func grouping(of data: DatasetArguments) -> Grouping {
    groups ?? (data.pool ? .automatic : .off)
  }
}

extension Grouping: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
