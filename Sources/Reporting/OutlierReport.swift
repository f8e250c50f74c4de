import Evaluation
import Experiments
import Files
import Foundation
import Plots

/// Outliers as text, tables and pictures.
public struct OutlierReport: Sendable {
  private let search: OutlierSearch

  /// Pictures side by side.
  private static let picturesPerRow = 8

  /// Nothing is written yet.
  public init(_ search: OutlierSearch) {
    self.search = search
  }

  /// The figures for a terminal.
  public var text: String {
    var rows = [
      ["threshold", "\(search.threshold)"],
      ["outliers", "\(search.outliers.count) of \(search.test.count)"],
    ]
    if let calibration = search.calibration {
      rows.append([
        "promised false alarms",
        calibration.promised.map { "\($0)" } ?? "none",
      ])
    }
    if let evaluation = search.evaluation {
      let labels = search.test.labels ?? []
      let planted = search.outliers.count { labels[$0] == 1 }
      rows.append(["outliers that are anomalies", "\(planted)"])
      rows.append(["ROC AUC", decimal(evaluation.auroc, places: 4)])
    }
    return Table(
      columns: [.init("figure", .left), .init("value", .left)], rows: rows
    ).text
  }

  /// Writes `outliers.csv`; with a rate of false alarms `threshold.json`; of
  /// images also `outliers.png` and `ordinary.png`;
  /// of a training `history.csv` and `history.svg`.
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
    try WholeFile.write(outlierTable.csv, to: file("outliers.csv"))
    if let calibration = search.calibration {
      try WholeFile.write(
        prettyJSON(StoredThreshold(calibration)), to: file("threshold.json"))
    }
    if let (outliers, ordinary) = search.pictures {
      let heat = HeatOverlay((outliers + ordinary).compactMap(\.heatMap))
      try sheet(
        "Outliers: scores above \(short(search.threshold)), the strangest first",
        outliers, heat
      ).write(to: file("outliers.png"))
      try sheet("The most ordinary first", ordinary, heat)
        .write(to: file("ordinary.png"))
    }
    try search.history?.write(to: folder)
  }

  private var outlierTable: Table {
    Table(
      columns: ["id", "category", "label", "score"].map { .init($0) },
      rows: search.outliers.map { place in
        let sample = search.test.samples[place]
        return [
          sample.id, sample.category, sample.label.map(String.init) ?? "",
          "\(search.scores[place])",
        ]
      })
  }

  private func sheet(
    _ title: String, _ pictures: [OutlierSearch.Picture],
    _ heat: HeatOverlay
  ) -> ImageSheet {
    let blocks = stride(from: 0, to: pictures.count, by: Self.picturesPerRow)
      .map { pictures[$0...].prefix(Self.picturesPerRow) }
    return ImageSheet(
      title: title,
      rows: blocks.flatMap { block in
        let originals = ImageSheet.Row(
          "original", block.map(\.original),
          captions: block.map { picture in
            search.test.samples[picture.place].captioned(
              search.scores[picture.place])
          })
        let reconstructions = block.compactMap(\.reconstruction)
        let overlays = block.compactMap { picture in
          picture.heatMap.map {
            heat.draw($0, on: picture.original, outlining: nil)
          }
        }
        return [originals]
          + [("reconstruction", reconstructions), ("where strange", overlays)]
          .filter { !$1.isEmpty }.map { ImageSheet.Row($0, $1) }
      })
  }
}

/// A threshold as JSON has it.
private struct StoredThreshold: Encodable {
  let calibration: Calibration

  init(_ calibration: Calibration) {
    self.calibration = calibration
  }

  private enum CodingKeys: CodingKey {
    case threshold
    case falseAlarms
    case promised
    case smallestPromise
    case samples
  }

  /// What is not promised is null, not an absent key.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(calibration.threshold, forKey: .threshold)
    try container.encode(calibration.rate.value, forKey: .falseAlarms)
    try container.encode(calibration.promised, forKey: .promised)
    try container.encode(calibration.smallestPromise, forKey: .smallestPromise)
    try container.encode(calibration.count, forKey: .samples)
  }
}
