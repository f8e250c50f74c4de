import Experiments
import Files
import Foundation
import Images

/// What a model makes of samples, as a sheet of pictures and tables.
public struct InspectionReport: Sendable {
  private let inspection: Inspection

  /// Nothing is written yet.
  public init(_ inspection: Inspection) {
    self.inspection = inspection
  }

  /// Writes `inspection.png`; of models with latent codes `latent-codes.csv`;
  /// of a training `history.csv` and `history.svg`.
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    try sheet.write(to: folder.appendingPathComponent("inspection.png"))
    if let codes = inspection.codes {
      try WholeFile.write(
        table(of: codes).csv,
        to: folder.appendingPathComponent("latent-codes.csv"))
    }
    try inspection.history?.write(to: folder)
  }

  private var sheet: ImageSheet {
    let captions = zip(inspection.samples, inspection.scores).map {
      "\($0.id): " + String(format: "%.4g", Double($1))
    }
    let overlays = inspection.heatMaps.map { maps in
      let heat = HeatOverlay(maps)
      return zip(maps, inspection.originals).map {
        heat.draw($0, on: $1, outlining: nil)
      }
    }
    let rows: [(label: String, images: [RasterImage]?)] =
      [
        ("where strange", overlays),
        ("reconstruction", inspection.reconstructions),
        ("difference", inspection.differences),
      ] + inspection.edited.map { ("code \($0.edit)", $0.images) }
    return ImageSheet(
      title: "What the model sees",
      rows: [
        ImageSheet.Row("original", inspection.originals, captions: captions)
      ]
        + rows.compactMap { row in
          row.images.map { ImageSheet.Row(row.label, $0) }
        })
  }

  private func table(of codes: [[Float]]) -> Table {
    Table(
      columns: (["id"] + (codes.first ?? []).indices.map(String.init)).map {
        .init($0)
      },
      rows: zip(inspection.samples, codes).map { sample, code in
        [sample.id] + code.map { "\($0)" }
      })
  }
}
