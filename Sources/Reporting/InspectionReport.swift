import Datasets
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

  /// The layers of a network, for a terminal; empty for other models.
  public var text: String {
    let layers = inspection.layers
    guard !layers.isEmpty else { return "" }
    let parameters = layers.map(\.parameterCount).reduce(0, +)
    return Table(
      columns: [
        .init("network", .left), .init("layer", .left), .init("output"),
        .init("parameters"),
      ],
      rows: layers.map { layer in
        let shape = layer.output
        return [
          layer.network, layer.layer,
          "\(shape.height)x\(shape.width)x\(shape.channels)",
          layer.parameterCount == 0 ? "" : "\(layer.parameterCount)",
        ]
      } + [["all", "", "", "\(parameters)"]]
    ).text
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
      $0.captioned($1)
    }
    let ordinary = inspection.samples.count / 2
    let strange = inspection.samples.count - ordinary
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
      ]
      + inspection.edited.map { edit, images in
        (
          "code \(edit)"
            + (looksLikeReconstruction(images)
              ? " (as the reconstruction)" : ""),
          images
        )
      }
    return ImageSheet(
      title: "The strangest and the most ordinary, as the model sees them",
      columns: Array(repeating: "strange", count: strange)
        + Array(repeating: "ordinary", count: ordinary),
      rows: [
        ImageSheet.Row("original", inspection.originals, captions: captions)
      ]
        + rows.compactMap { row in
          row.images.map { ImageSheet.Row(row.label, $0) }
        })
  }

  /// Whether no intensity differs by more than one step of 8 bits.
  private func looksLikeReconstruction(_ images: [RasterImage]) -> Bool {
    guard let reconstructions = inspection.reconstructions else { return false }
    return zip(images, reconstructions).allSatisfy { image, other in
      zip(image.values, other.values).allSatisfy { abs($0 - $1) < 1.0 / 255 }
    }
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
