import Detectors
import Experiments

/// The detectors of a catalogue, or the parameters of one, as a table.
public struct CatalogReport: Sendable {
  private let table: Table
  private let note: String?

  /// Every detector with what can be set of it.
  public init(_ catalog: DetectorCatalog) {
    let shared = catalog.parameters.filter {
      $0.uses.contains(where: \.isEveryNetwork)
    }.map(\.name)
    table = Table(
      columns: [
        .init("detector", .left), .init("what it is", .left),
        .init("parameters", .left),
      ],
      rows: catalog.descriptions.map { description in
        let names = description.parameters.map(\.name)
        let own =
          description.group == .network
          ? names.filter { !shared.contains($0) } : names
        return [
          description.name, description.summary, own.joined(separator: ", "),
        ]
      })
    note =
      shared.isEmpty
      ? nil
      : "All that are trained in epochs also have "
        + shared.joined(separator: ", ") + "."
  }

  /// What can be set of one detector.
  public init(_ description: DetectorDescription) {
    table = Table(
      columns: [
        .init("parameter", .left), .init("what it is", .left),
        .init("default", .left), .init("values", .left),
      ],
      rows: description.parameters.map {
        [$0.name, $0.summary, $0.usual ?? "", $0.allowed]
      })
    note = nil
  }

  /// For a terminal.
  public var text: String { table.text + (note.map { "\n\($0)\n" } ?? "") }

  /// As GitHub's Markdown has it.
  public var markdown: String {
    table.markdown + (note.map { "\n\($0)\n" } ?? "")
  }
}
