import Datasets
import Detectors
import Execution
import Experiments
import Features
import Files
import Foundation
import Images
import LinearAlgebra
import Parameters
import Plots
import TestSupport
import Testing

@testable import Reporting

/// A comparison of images whose names try to break out of the page.
struct HostileComparison {
  static let file = "\"><script>alert('1')<b> & \u{301}\"'.png"
  static let category = "<i>'bolt'\"&"

  let runs: [ComparisonRun]
  let images: [RasterImage]

  /// Twelve dark and six bright pictures of 8x8 pixels; every second anomaly
  /// is as dark as the rest.
  init(folder: URL, scaler: Scaler = .none) throws {
    var generator = SeededGenerator(seed: 5)
    let shape = ImageShape(height: 8, width: 8, channels: 1)
    var images: [RasterImage] = []
    var samples: [Sample] = []
    for index in 0..<18 {
      let bright: Float = index >= 12 && index % 2 == 0 ? 0.4 : 0
      images.append(
        RasterImage(
          shape: shape,
          values: (0..<64).map { _ in
            bright + Float.random(in: 0..<0.5, using: &generator)
          }))
      let url = folder.appendingPathComponent("\(index)\(Self.file)")
      try PNG.write(images[index], to: url)
      samples.append(
        Sample(
          id: "\(index)", category: Self.category, label: index < 12 ? 0 : 1,
          defect: index < 12 ? "good" : "<u>", image: url))
    }
    self.images = images
    func set(_ range: Range<Int>) -> SampleSet {
      SampleSet(imageFiles: Array(samples[range]))
    }
    let dataset = Dataset(
      name: "<b>data", kind: .mvtec,
      categories: [Self.category, "plain"].map {
        DatasetCategory(name: $0, train: set(0..<12), test: set(0..<18))
      })
    runs = try Comparison(
      dataset: dataset,
      detectors: [
        NamedDetector("pca", PCAReconstruction(nComponents: .count(11))),
        NamedDetector("iforest", IsolationForest()),
      ],
      features: FeatureRecipe(size: PixelSize(square: 8)), scaler: scaler
    ).run()
  }

  var report: ComparisonReport {
    ComparisonReport(
      runs,
      provenance: Provenance(
        arguments: ["anomaly", "compare", "it's <here>"], version: "1.2.3"))
  }
}

@Suite struct ComparisonPageTests {
  private func withComparison(
    scaler: Scaler = .none, _ body: (HostileComparison) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    try body(try HostileComparison(folder: folder.url, scaler: scaler))
  }

  @Test("The figures of the page are those of the JSON")
  func figures() throws {
    try withComparison { comparison in
      let page = try XMLTree(try comparison.report.page.html)
      let summary = try JSONDecoder().decode(
        ComparisonSummary.self, from: Data(try comparison.report.json.utf8))
      let table = try #require(page.elements(named: "table").first)
      let rows = table.descendants.filter { $0.name == "tr" }
      #expect(
        rows.map { $0.children.first?.text } == [
          "category", HostileComparison.category, "plain", "mean",
        ])
      let cells = rows.dropFirst().flatMap {
        $0.descendants.filter { $0.name == "data" }
      }
      let expected =
        summary.categories.flatMap { category in
          summary.detectors.map {
            summary.aurocs(detector: $0, category: category)[0]
          }
        } + summary.mean.compactMap(\.auroc)
      #expect(cells.count == 6)
      #expect(cells.map { Double($0.attributes["value"] ?? "") } == expected)
      #expect(cells.map(\.text) == expected.map { decimal($0, places: 4) })
    }
  }

  @Test("Names of files and categories cannot break out of the page")
  func escaping() throws {
    try withComparison { comparison in
      let page = try XMLTree(try comparison.report.page.html)
      for name in ["script", "b", "i", "u"] {
        #expect(page.elements(named: name).isEmpty)
      }
      for element in page.elements {
        #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
      }
      let images = page.elements(named: "img")
      #expect(!images.isEmpty)
      for image in images {
        #expect(
          image.attributes["alt"]?.contains(HostileComparison.file) == true)
      }
      #expect(
        page.elements(named: "h2").map(\.text).contains(
          HostileComparison.category))
      #expect(
        page.elements(named: "code").map(\.text)
          == ["anomaly compare 'it'\\''s <here>'"])
    }
  }

  @Test("The page refers to nothing outside itself")
  func selfContained() throws {
    try withComparison { comparison in
      let html = try comparison.report.page.html
      let page = try XMLTree(html)
      let identifiers = page.elements.compactMap { $0.attributes["id"] }
      #expect(Set(identifiers).count == identifiers.count)
      for element in page.elements {
        if let source = element.attributes["src"] {
          #expect(source.hasPrefix("data:image/png;base64,"))
        }
        if let target = element.attributes["href"] {
          #expect(target.first == "#")
          #expect(identifiers.contains(String(target.dropFirst())))
        }
        let labels = element.attributes["aria-labelledby"] ?? ""
        for label in labels.split(separator: " ") {
          #expect(identifiers.contains(String(label)))
        }
      }
      #expect(page.elements(named: "link").isEmpty)
      #expect(!html.contains("url("))
      #expect(!html.contains("@import"))
    }
  }

  @Test("A gallery shows rank, score and kind; the first is the strangest")
  func gallery() throws {
    try withComparison { comparison in
      let page = try XMLTree(try comparison.report.page.html)
      let first = try #require(
        page.elements(named: "figcaption").first {
          $0.text.contains("rank 1 of 18")
        })
      let run = comparison.runs[0]
      let score = try #require(run.scores.max())
      #expect(first.text.contains("score \(short(Double(score)))"))
      #expect(first.text.contains("anomaly: <u>"))
    }
  }

  @Test("A picture is shown as it is, a reconstruction on the picture's scale")
  func reconstructions() throws {
    try withComparison(scaler: .standard) { comparison in
      let run = comparison.runs[0]
      #expect(Set(run.reconstructions.keys) == Set(run.extremes.places))
      // Twelve training pictures span what eleven components hold.
      for (place, image) in run.reconstructions where place < 12 {
        let picture = try #require(try run.test.picture(at: place))
        expectClose(image.values, picture.values, within: .absolute(1e-3))
      }
      #expect(comparison.runs[1].reconstructions.isEmpty)
    }
  }

  @Test("Every picture has a heat map over it")
  func overlays() throws {
    try withComparison { comparison in
      let page = try XMLTree(try comparison.report.page.html)
      let overlays = page.elements(named: "div").filter {
        $0.attributes["class"] == "overlaid"
      }
      let shown = comparison.runs.map { run in
        run.extremes.mostAnomalous.count + run.extremes.falseAlarms.count
          + run.extremes.missedAnomalies.count
      }.reduce(0, +)
      #expect(overlays.count == shown)
      for overlay in overlays {
        let images = overlay.descendants.filter { $0.name == "img" }
        #expect(images.count == 2)
        #expect(images[0].attributes["src"] != images[1].attributes["src"])
        let name = images[1].attributes["alt"]
        #expect(name?.contains("sees it strange") == true)
      }
    }
  }

  @Test("Arrays of images have pictures, tables have none")
  func arrays() throws {
    let rows = Matrix([[0, 255, 510, 0], [1, 2, 3, 4]])
    let samples = ["0", "1"].map { Sample(id: $0, category: "c") }
    let shape = ImageShape(height: 2, width: 2, channels: 1)
    let images = SampleSet(
      samples: samples, source: rows, imageShape: shape)
    #expect(try images.picture(at: 0)?.values == [0, 0.5, 1, 0])
    #expect(try images.picture(at: 0, side: 1)?.values == [0.375])
    let table = SampleSet(samples: samples, source: rows)
    #expect(try table.picture(at: 0) == nil)
  }

  @Test(
    "Extreme samples are the ends of the ranking, ties in the samples' order")
  func extremes() {
    let extremes = ExtremeSamples(
      scores: [1, 5, 3, 3, 2, 0], labels: [0, 0, 1, 1, 0, 1], count: 2)
    #expect(extremes.mostAnomalous == [1, 2])
    #expect(extremes.falseAlarms == [1, 4])
    #expect(extremes.missedAnomalies == [5, 3])
    #expect(extremes.places == [1, 2, 4, 5, 3])
  }

  @Test("A detector that cannot fit one category fails there alone")
  func failedRun() throws {
    func set(_ count: Int) -> SampleSet {
      SampleSet(
        samples: (0..<count).map {
          Sample(id: "\($0)", category: "c", label: $0 % 3 == 0 ? 1 : 0)
        },
        source: Matrix((0..<count).map { [Float($0 % 3), Float($0)] }))
    }
    let detectors = [
      NamedDetector("pca", PCAReconstruction(nComponents: .count(1))),
      NamedDetector("picky", Picky()),
    ]
    let runs = try Comparison(
      dataset: Dataset(
        name: "d", kind: .csv,
        categories: [("small", 5), ("large", 20)].map {
          DatasetCategory(name: $0, train: set($1), test: set($1))
        }), detectors: detectors
    ).run()
    #expect(runs.map { $0.failure == nil } == [true, false, true, true])
    let folder = try TemporaryFolder()
    let report = ComparisonReport(runs)
    try report.write(to: folder.url)
    #expect(try folder.contents.count == 6)
    #expect(
      report.aurocTable.rows.map { $0[2] == "failed" } == [
        true, false, true,
      ])
    let page = try XMLTree(report.page.html)
    #expect(
      page.elements(named: "li").contains {
        $0.text.hasPrefix("picky on small: too few training samples: 5")
      })
    #expect(throws: ParameterFault.self) {
      try Comparison(
        dataset: Dataset(
          name: "d", kind: .csv,
          categories: [DatasetCategory(name: "c", train: set(9), test: set(9))]
        ), detectors: [NamedDetector("ocsvm", OneClassSVM(nu: 7))]
      ).run()
    }
  }

  /// Wants more than five samples.
  private struct Picky: Detector {
    func learn(
      from samples: any SampleSource, in context: RunContext
    ) throws -> IsolationForest.Model {
      guard samples.rows > 5 else {
        throw DetectorFault.tooFewSamples(count: samples.rows, needed: 6)
      }
      return try IsolationForest(nEstimators: 2).fit(samples, in: context)
    }
  }

  @Test(
    "Chromium shows the page, asks for nothing else, and finds the figures",
    .enabled(if: Chromium.isInstalled))
  func chromium() throws {
    try withComparison { comparison in
      let folder = try TemporaryFolder()
      try comparison.report.write(to: folder.url)
      let html = folder.file("report.html")
      let visit = try Chromium.open(html)
      #expect(visit.complaints.isEmpty)
      #expect(!visit.document.contains("<script"))

      let json = try Data(contentsOf: folder.file("results.json"))
      let summary = try JSONDecoder().decode(ComparisonSummary.self, from: json)
      let shown = visit.document.matches(of: /<data value="([^"]+)">/)
        .compactMap { Double($0.output.1) }
      for result in summary.results {
        #expect(shown.contains { $0 == result.auroc })
      }
      #expect(shown.count == 6)

      // The same page with a foreign picture is complained about.
      let text = try String(contentsOf: html, encoding: .utf8)
      try WholeFile.write(
        text.replacing(
          "</main>", with: "<img src=\"http://example.com/a.png\"/></main>"),
        to: html)
      #expect(try !Chromium.open(html).complaints.isEmpty)
    }
  }
}
