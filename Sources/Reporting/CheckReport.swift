import Datasets
import Evaluation
import Execution
import Experiments
import Files
import Foundation
import Images
import Plots

/// A check of new pictures as tables, JSON, pictures and a page.
public struct CheckReport: Sendable {
  private let check: PictureCheck
  private let provenance: Provenance?

  /// Checks pictures, and writes `checked.csv` (a row a picture),
  /// `regions.csv` (a row a region), `checked.json`, `report.html`, and for
  /// each picture a file in `overlays` and one in `masks`, called by its id.
  ///
  /// - Parameters:
  ///   - pictures: The new ones.
  ///   - standard: What the good ones taught.
  ///   - folder: Is made where it is missing; once all is done files of these
  ///     names are replaced, all others stay.
  ///   - provenance: Without it the page does not tell how it was made.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: As `PictureCheck.init`; `FileFault.unwritable`.
  public static func write(
    _ pictures: SampleSet, by standard: CalibratedPipeline, to folder: URL,
    provenance: Provenance? = nil, in context: RunContext = RunContext()
  ) throws -> CheckReport {
    try WholeFolder.merge(into: folder) { folder in
      let drawing = CheckDrawing(pictures, standard, in: folder)
      let report = CheckReport(
        check: try PictureCheck(
          pictures, by: standard, in: context, drawing: drawing.write),
        provenance: provenance)
      func write(_ text: String, as name: String) throws {
        try WholeFile.write(text, to: folder.appendingPathComponent(name))
      }
      try write(report.pictureTable.csv, as: "checked.csv")
      try write(report.regionTable.csv, as: "regions.csv")
      try write(try report.json, as: "checked.json")
      try write(try report.page.html, as: "report.html")
      return report
    }
  }

  /// The verdict in a line, such as "18 of 20 pictures are strange".
  public var summary: String {
    let unreadable = check.verdicts.count - verdicts.count
    return "\(strange.count) of \(verdicts.count)"
      + " picture\(verdicts.count == 1 ? "" : "s")"
      + (strange.count == 1 ? " is strange" : " are strange")
      + (unreadable == 0 ? "" : ", \(unreadable) more cannot be read")
  }

  /// Why the pictures that have no verdict cannot be read, in their order.
  public var problems: [any Error] {
    check.verdicts.compactMap {
      if case .failure(let error) = $0 { error } else { nil }
    }
  }

  private var verdicts: [PictureCheck.Verdict] {
    check.verdicts.compactMap { try? $0.get() }
  }

  private var strange: [PictureCheck.Verdict] {
    verdicts.filter(\.isStrange)
  }

  private func sample(_ verdict: PictureCheck.Verdict) -> Sample {
    check.pictures.samples[verdict.place]
  }
}

/// The files that show where pictures are strange.
struct CheckDrawing: Sendable {
  private let pictures: SampleSet
  private let folder: URL
  private let heat: HeatOverlay

  init(
    _ pictures: SampleSet, _ standard: CalibratedPipeline, in folder: URL
  ) {
    self.pictures = pictures
    self.folder = folder
    heat = Self.heat(standard)
  }

  /// The threshold has the colour in the middle; 0 is what is usual.
  static func heat(_ standard: CalibratedPipeline) -> HeatOverlay {
    HeatOverlay(from: 0, to: Float(2 * standard.pixel.threshold))
  }

  static func overlay(of sample: Sample) -> String { file("overlays", sample) }

  static func mask(of sample: Sample) -> String { file("masks", sample) }

  /// Ids differ, and are names of files.
  private static func file(_ folder: String, _ sample: Sample) -> String {
    "\(folder)/\(sample.id).png"
  }

  @Sendable func write(_ exhibit: PictureCheck.Exhibit) throws {
    let sample = pictures.samples[exhibit.verdict.place]
    try write(exhibit.overlay(heat), to: Self.overlay(of: sample))
    try write(exhibit.mask, to: Self.mask(of: sample))
  }

  private func write(_ image: RasterImage, to name: String) throws {
    let url = folder.appendingPathComponent(name)
    try OutputFolder.create(url.deletingLastPathComponent())
    try WholeFile.write(PNG.data(of: image, isQuick: true), to: url)
  }
}

extension PictureCheck.Exhibit {
  func overlay(_ heat: HeatOverlay) -> RasterImage {
    heat.draw(map, on: picture, outlining: mask)
  }
}

// MARK: Tables and JSON

extension CheckReport {
  /// One row a picture.
  private var pictureTable: Table {
    Table(
      columns: [
        "id", "image", "score", "decision", "regions", "overlay", "mask",
      ].map { .init($0) },
      rows: zip(check.pictures.samples, check.verdicts).map { sample, verdict in
        let known = [sample.id, sample.image?.relativePath ?? ""]
        guard let verdict = try? verdict.get() else {
          return known + ["", "unreadable", "", "", ""]
        }
        return known + [
          "\(verdict.score)", verdict.isStrange ? "strange" : "ordinary",
          "\(verdict.regions.count)", CheckDrawing.overlay(of: sample),
          CheckDrawing.mask(of: sample),
        ]
      })
  }

  /// One row a region, numbered from the highest peak of each picture.
  private var regionTable: Table {
    Table(
      columns: [
        "id", "region", "x", "y", "width", "height", "area", "peak", "peak_x",
        "peak_y",
      ].map { .init($0) },
      rows: verdicts.flatMap { verdict in
        verdict.regions.enumerated().map { number, region in
          [
            sample(verdict).id, "\(number + 1)",
            "\(region.columns.lowerBound)", "\(region.rows.lowerBound)",
            "\(region.columns.count)", "\(region.rows.count)",
            "\(region.area)", "\(region.peak)", "\(region.peakColumn)",
            "\(region.peakRow)",
          ]
        }
      })
  }

  private struct Document: Encodable {
    var detector: String
    var goodPictures: Int
    var falseAlarms: Double
    /// Whether the good pictures are enough for that rate.
    var isPromised: Bool
    var goodPicturesNeeded: Int
    var scoreThreshold: Double
    var pixelThreshold: Double
    var pictures: [Picture]
    var unreadable: [Unreadable]
  }

  private struct Picture: Encodable {
    var id: String
    var image: String?
    var width: Int
    var height: Int
    var score: Float
    var isStrange: Bool
    var overlay: String
    var mask: String
    var regions: [Region]
  }

  private struct Region: Encodable {
    struct Box: Encodable {
      var x: Int
      var y: Int
      var width: Int
      var height: Int
    }
    struct Peak: Encodable {
      var value: Float
      var x: Int
      var y: Int
    }
    var box: Box
    var area: Int
    var peak: Peak

    init(_ region: DefectRegion) {
      box = Box(
        x: region.columns.lowerBound, y: region.rows.lowerBound,
        width: region.columns.count, height: region.rows.count)
      area = region.area
      peak = Peak(
        value: region.peak, x: region.peakColumn, y: region.peakRow)
    }
  }

  private struct Unreadable: Encodable {
    var id: String
    var image: String?
    var problem: String
  }

  private var json: String {
    get throws {
      let calibration = check.standard.score
      return try prettyJSON(
        Document(
          detector: check.standard.pipeline.detector.name,
          goodPictures: calibration.count,
          falseAlarms: calibration.rate.value,
          isPromised: calibration.isPromised,
          goodPicturesNeeded: calibration.rate.neededCount,
          scoreThreshold: calibration.threshold,
          pixelThreshold: check.standard.pixel.threshold,
          pictures: verdicts.map { verdict in
            let sample = sample(verdict)
            return Picture(
              id: sample.id, image: sample.image?.relativePath,
              width: verdict.size.width, height: verdict.size.height,
              score: verdict.score, isStrange: verdict.isStrange,
              overlay: CheckDrawing.overlay(of: sample),
              mask: CheckDrawing.mask(of: sample),
              regions: verdict.regions.map(Region.init))
          },
          unreadable: unreadable.map { sample, error in
            Unreadable(
              id: sample.id, image: sample.image?.relativePath,
              problem: "\(error)")
          }))
    }
  }

  private var unreadable: [(Sample, any Error)] {
    zip(check.pictures.samples, check.verdicts).compactMap { sample, verdict in
      if case .failure(let error) = verdict { (sample, error) } else { nil }
    }
  }
}

// MARK: The page

extension CheckReport {
  private var page: Page {
    let standard = check.standard
    return Page(
      title: summary,
      lead: "A picture is strange when it scores above"
        + " \(short(standard.score.threshold)). \(promise)",
      sections: [
        Page.Section("Verdict", overview),
        Page.Section("Where they are strange", gallery),
        Page.Section("All pictures", list),
        Page.Section("How these results were made", origin),
      ])
  }

  private var promise: String {
    let calibration = check.standard.score
    let count =
      "\(calibration.count) good pictures, each scored by what the"
      + " others teach"
    let share = "\(short(100 * calibration.rate.value)) %"
    return calibration.isPromised
      ? "At most \(share) of good pictures do, going by \(count)."
      : "That is the highest score of \(count); it takes"
        + " \(calibration.rate.neededCount) to keep false alarms to \(share)."
  }

  private var overview: [Page.Block] {
    let standard = check.standard
    return [
      .figures([
        Page.Figure(
          .scoreHistogram(
            of: standard.pipeline.detector.name, normal: standard.leftOut,
            anomalies: verdicts.map(\.score),
            threshold: (standard.score.threshold, "threshold"),
            names: ("good", "new pictures")),
          caption: "Scores of the good pictures, each left out, and of the new"
            + " ones")
      ])
    ]
      + (unreadable.isEmpty
        ? []
        : [
          .paragraph("These pictures cannot be read:"),
          .list(unreadable.map { "\($0.1)" }),
        ])
  }

  private var gallery: [Page.Block] {
    let heat = CheckDrawing.heat(check.standard)
    return [
      .paragraph(
        "Over the left of each picture lies a map of where it is strange: blue"
          + " is ordinary, yellow is strange; where the map lies above"
          + " \(short(check.standard.pixel.threshold)), it has a white outline."
          + " A good picture has such a place as seldom as it is called"
          + " strange. Draw the map by the lower corner of its edge."),
      .gallery(
        title: check.strangest.count < verdicts.count
          ? "The \(check.strangest.count) strangest" : "The strangest first",
        check.strangest.map { exhibit in
          let id = sample(exhibit.verdict).id
          var shown = Page.Exhibit(
            lines: [
              id, exhibit.verdict.isStrange ? "strange" : "ordinary",
              "score \(short(Double(exhibit.verdict.score)))",
            ], pictures: [(id, exhibit.picture)])
          shown.overlay = (
            "\(id): where it is strange", exhibit.overlay(heat)
          )
          return shown
        }),
    ]
  }

  private var list: [Page.Block] {
    let table = Table(
      columns: [.init("picture", .left), .init("decision", .left)]
        + ["score", "regions", "box of the first", "area", "peak"].map {
          .init($0)
        },
      rows: verdicts.map { verdict in
        let first = verdict.regions.first
        return [
          sample(verdict).id, verdict.isStrange ? "strange" : "ordinary",
          short(Double(verdict.score)), "\(verdict.regions.count)",
          first.map {
            "\($0.columns.count) x \($0.rows.count) at"
              + " \($0.columns.lowerBound), \($0.rows.lowerBound)"
          } ?? "", first.map { "\($0.area)" } ?? "",
          first.map { short(Double($0.peak)) } ?? "",
        ]
      })
    return [
      .table(
        table,
        caption: "Boxes and areas in pixels, places from the upper left; the"
          + " first region is that of the highest peak")
    ]
  }

  private var origin: [Page.Block] {
    (provenance.map { [.paragraph("Command:"), .code($0.command)] } ?? [])
      + [
        .list(
          (provenance?.facts ?? []) + [
            "Scores are higher for stranger pictures. The threshold is the k-th"
              + " lowest of n scores of good pictures, k = (n + 1)(1 - rate)"
              + " rounded up; that of the maps is made in the same way of the"
              + " highest value of each good picture's map."
          ])
      ]
  }
}
