import Detectors
import Experiments

/// The detectors of a catalogue, or the parameters of one, as a table.
public struct CatalogReport: Sendable {
  private let table: Table

  /// Every detector with what can be set of it.
  public init(_ catalog: DetectorCatalog) {
    table = Table(
      columns: [
        .init("detector", .left), .init("what it is", .left),
        .init("parameters", .left),
      ],
      rows: catalog.descriptions.map {
        [
          $0.name, $0.summary,
          $0.parameters.map(\.name).joined(separator: ", "),
        ]
      })
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
  }

  /// For a terminal.
  public var text: String { table.text }

  /// As GitHub's Markdown has it.
  public var markdown: String { table.markdown }
}
