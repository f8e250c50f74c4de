import Autoencoders
import Datasets
import Execution
import Experiments
import Files
import Foundation
import Images
import LinearAlgebra

/// What a model makes of samples: reconstructions, where they differ, and what
/// becomes of them when their latent codes are edited.
public struct InspectionReport: Sendable {
  private let sheet: ImageSheet
  private let codes: Table?
  private let pipeline: FittedPipeline

  /// Looks at the strangest and the most ordinary samples of a set.
  ///
  /// - Parameters:
  ///   - set: What to choose from.
  ///   - pipeline: Reconstructs them.
  ///   - count: How many samples to show.
  ///   - edits: A row of reconstructions for each.
  /// - Throws: `ExperimentFault.cannotShow` for a model that does not
  ///   reconstruct images, or has no latent code to edit; the faults of reading
  ///   and of the model.
  public init(
    _ set: SampleSet, by pipeline: FittedPipeline, count: Int,
    edits: [LatentEdit]
  ) throws {
    self.pipeline = pipeline
    func refusal(_ thing: String) -> ExperimentFault {
      .cannotShow(thing, detector: pipeline.detector.name)
    }
    guard let shape = pipeline.extractor.featureImageShape else {
      throw refusal("pictures")
    }
    let scores = try pipeline.scores(for: set)
    let ascending = scores.indices.sorted {
      (scores[$0], $0) < (scores[$1], $1)
    }
    let strangest = ascending.suffix(count - count / 2).reversed()
    let indices =
      strangest
      + ascending.prefix(count / 2)
      .filter { !strangest.contains($0) }
    let (originals, reconstructions) = try pipeline.reconstructions(
      of: indices, in: set)
    guard let reconstructions else { throw refusal("reconstructions") }

    let all = 0..<indices.count
    let captions = indices.map {
      "\(set.samples[$0].id): " + String(format: "%.4g", Double(scores[$0]))
    }
    var rows = [
      ImageSheet.Row(
        "original", originals.pictures(all, shape, captions: captions)),
      ImageSheet.Row("reconstruction", reconstructions.pictures(all, shape)),
      ImageSheet.Row(
        "difference",
        originals.differences(from: reconstructions)
          .pictures(all, shape)),
    ]
    guard let model = pipeline.model as? AutoencoderModel else {
      guard edits.isEmpty else { throw refusal("latent code") }
      sheet = ImageSheet(title: "What the model sees", rows: rows)
      codes = nil
      return
    }
    let latent = try model.latentCodes(
      of: originals, in: RunContext())
    for edit in edits {
      let edited = try model.reconstructions(
        fromLatent: edit.applied(to: latent), in: RunContext())
      rows.append(
        ImageSheet.Row("code \(edit)", edited.pictures(all, shape)))
    }
    sheet = ImageSheet(title: "What the model sees", rows: rows)
    codes = Table(
      columns: (["id"] + (0..<latent.columns).map(String.init)).map {
        .init($0)
      },
      rows: indices.enumerated().map { row, index in
        [set.samples[index].id] + latent.row(row).map { "\($0)" }
      })
  }

  /// Writes `inspection.png`, and of autoencoders `latent-codes.csv`,
  /// `history.csv` and `history.svg`.
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to folder: URL) throws {
    try OutputFolder.create(folder)
    try sheet.write(to: folder.appendingPathComponent("inspection.png"))
    if let codes {
      try WholeFile.write(
        codes.csv, to: folder.appendingPathComponent("latent-codes.csv"))
    }
    try pipeline.writeHistory(to: folder)
  }
}

extension Matrix {
  /// The absolute differences, each row stretched so that its greatest is 1.
  fileprivate func differences(from other: Matrix) -> Matrix {
    var differences = self
    for row in 0..<rows {
      var greatest: Float = 1e-6
      for column in 0..<columns {
        let difference = abs(self[row, column] - other[row, column])
        differences[row, column] = difference
        greatest = max(greatest, difference)
      }
      for column in 0..<columns {
        differences[row, column] /= greatest
      }
    }
    return differences
  }
}
