import Datasets
import Execution
import Experiments
import Files
import Foundation
import Images
import LinearAlgebra
import Plots

/// Outliers as text, tables and pictures.
public struct OutlierReport: Sendable {
  private let search: OutlierSearch
  private let set: SampleSet
  private let pipeline: FittedPipeline

  /// The most pictures on a sheet.
  private static let pictureCount = 24

  public init(
    _ search: OutlierSearch, in set: SampleSet, by pipeline: FittedPipeline
  ) {
    self.search = search
    self.set = set
    self.pipeline = pipeline
  }

  /// The figures for a terminal.
  public var text: String {
    var rows = [
      ["threshold", "\(search.threshold)"],
      ["outliers", "\(search.outliers.count) of \(set.count)"],
    ]
    if let evaluation = search.evaluation {
      let labels = set.labels ?? []
      let planted = search.outliers.count { labels[$0] == 1 }
      rows.append(["outliers that are anomalies", "\(planted)"])
      rows.append(["ROC AUC", decimal(evaluation.auroc, places: 4)])
    }
    return Table(
      columns: [.init("figure", .left), .init("value", .left)], rows: rows
    ).text
  }

  /// Writes `outliers.csv`; of images also `outliers.png` and `ordinary.png`;
  /// of a training `history.csv` and `history.svg`.
  ///
  /// - Throws: `FileFault.unwritable`, and the faults of reading.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
    try WholeFile.write(outlierTable.csv, to: file("outliers.csv"))
    if let shape = pipeline.extractor.featureImageShape {
      for (name, title, indices) in [
        ("outliers.png", "Outliers", search.outliers),
        ("ordinary.png", "The most ordinary", search.ordinary),
      ] {
        try sheet(title, indices.prefix(Self.pictureCount), shape)
          .write(to: file(name))
      }
    }
    try pipeline.writeHistory(to: folder)
  }

  private var outlierTable: Table {
    Table(
      columns: ["id", "category", "label", "score"].map { .init($0) },
      rows: search.outliers.map { index in
        let sample = set.samples[index]
        return [
          sample.id, sample.category, sample.label.map(String.init) ?? "",
          "\(search.scores[index])",
        ]
      })
  }

  private func sheet(
    _ title: String, _ indices: some Collection<Int>, _ shape: ImageShape
  ) throws -> ImageSheet {
    let indices = Array(indices)
    let (originals, reconstructions) = try pipeline.reconstructions(
      of: indices, in: set)
    let rows = Parallel.blocks(indices.count, size: 8).flatMap { block in
      let captions = block.map { place in
        let score = search.scores[indices[place]]
        return "\(set.samples[indices[place]].id): "
          + String(format: "%.4g", Double(score))
      }
      return [
        ImageSheet.Row(
          "original", originals.pictures(block, shape, captions: captions))
      ]
        + (reconstructions.map {
          [ImageSheet.Row("reconstruction", $0.pictures(block, shape))]
        } ?? [])
    }
    return ImageSheet(title: title, rows: rows)
  }
}

extension Matrix {
  /// Some of the rows as pictures, values cut to 0...1.
  func pictures(
    _ rows: Range<Int>, _ shape: ImageShape, captions: [String] = []
  ) -> [ImageSheet.Picture?] {
    zip(rows, captions + [String](repeating: "", count: rows.count)).map {
      row, caption in
      ImageSheet.Picture(
        Image(shape: shape, values: self.row(row).map { min(max($0, 0), 1) }),
        caption: caption)
    }
  }
}
