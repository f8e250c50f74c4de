import Datasets
import Evaluation
import Experiments
import Foundation
import Plots

extension ComparisonReport {
  /// `report.html`: the tables, plots and a gallery of the samples that tell
  /// most about each detector.
  var page: Page {
    var page = Page(title: title, lead: lead)
    page.sections = [Page.Section("Results", overview)]
    page.sections += categorySections
    page.sections.append(Page.Section("How these results were made", origin))
    return page
  }

  /// Curves, histograms and galleries, a section a category.
  var categorySections: [Page.Section] {
    summary.categories.map { category in
      Page.Section(
        // A class of numbered ones.
        Int(category) == nil ? category : "class \(category)",
        details(of: galleryRuns.filter { $0.result.category == category }))
    }
  }

  private var lead: String {
    let results = summary.results
    guard let first = results.first else { return "There are no results." }
    let seeds = results.map(\.seed).uniqued()
    let count = summary.categories.count
    let detectors = summary.detectors.count
    return "\(detectors) \(detectors == 1 ? "detector" : "detectors") on"
      + (count > 1 ? " \(count) categories of" : "") + " \(first.dataset),"
      + " features: \(featuresInWords ?? first.features)"
      + (seeds.count > 1
        ? ", mean ± standard deviation over \(seeds.count) seeds." : ".")
      + " An area under the ROC curve (AUC) of 1 puts every anomaly above every"
      + " ordinary sample; 0.5 is chance."
  }

  // MARK: All categories

  private var overview: [Page.Block] {
    var blocks: [Page.Block] = [
      .table(
        boldTable, caption: "ROC AUC; the best of each row in bold",
        exact: exactAUROCs),
      .table(
        detailTable,
        caption: "All categories together; times are sums"),
    ]
    if let papersTable {
      blocks.append(.table(papersTable, caption: Self.papersTitle))
    }
    let defects = defectTable
    if !defects.rows.isEmpty {
      blocks.append(
        .table(
          defects,
          caption: "ROC AUC of each kind of defect against all ordinary samples"
            + " of its category"))
    }
    if let note = upsideDownNote {
      blocks.append(.paragraph(note.text(for: .commandLine) + "."))
    }
    let failures = runs.compactMap { run in
      run.failure.map {
        "\(run.result.detector) on \(run.result.category): \($0)"
      }
    }
    if !failures.isEmpty {
      blocks += [.paragraph("These runs failed:"), .list(failures)]
    }
    var figures: [Page.Figure] = []
    if summary.categories.count > 1 {
      figures.append(
        Page.Figure(heatTable, caption: "AUC of every detector and category"))
    }
    if let plot = VectorPlot.timeAgainstAUROC(summary.results) {
      figures.append(
        Page.Figure(
          plot, caption: "One marker a run; up and left is better"))
    }
    return blocks + [.figures(figures)]
  }

  /// One row a kind of defect, one column a detector; means over seeds.
  private var defectTable: Table {
    Table(
      columns: [.init("category", .left), .init("defect", .left)]
        + summary.detectors.map { .init($0) },
      rows: summary.categories.flatMap { category in
        let results = summary.results.filter { $0.category == category }
        return Set(results.flatMap(\.defectAurocs.keys)).sorted().map { kind in
          [category, kind]
            + summary.detectors.map { detector in
              decimal(
                AUROCSpread(
                  results.filter { $0.detector == detector }
                    .compactMap { $0.defectAurocs[kind] })?.mean, places: 4)
            }
        }
      })
  }

  private var exactAUROCs: Page.ExactValues {
    var exact: Page.ExactValues = [:]
    for (column, detector) in summary.detectors.enumerated() {
      for (row, category) in summary.categories.enumerated() {
        exact[.init(row: row, column: column + 1)] = meanAUROC(
          detector, category)
      }
      exact[.init(row: summary.categories.count, column: column + 1)] =
        summary.mean[column].auroc
    }
    return exact
  }

  private var boldTable: Table {
    var table = aurocTable
    let exact = exactAUROCs
    table.bold = Set(
      exact.filter { place, value in
        exact.allSatisfy { $0.row != place.row || $1 <= value }
      }.keys)
    return table
  }

  private func meanAUROC(_ detector: String, _ category: String) -> Double? {
    AUROCSpread(summary.aurocs(detector: detector, category: category))?.mean
  }

  private var heatTable: VectorPlot {
    .heatTable(
      title: "ROC AUC", rows: summary.categories, columns: summary.detectors,
      aurocs: summary.categories.map { category in
        summary.detectors.map { meanAUROC($0, category) }
      })
  }

  // MARK: One category

  /// Of several seeds, the first stands for all.
  private var galleryRuns: [ComparisonRun] {
    let seed = summary.results.first?.seed
    return runs.filter { $0.result.seed == seed && $0.failure == nil }
  }

  private func details(of runs: [ComparisonRun]) -> [Page.Block] {
    let curves = runs.compactMap { run in
      run.evaluation.map { (name: run.result.detector, curve: $0.rocCurve) }
    }
    let best = runs.compactMap(\.result.auroc).max()
    return runs.enumerated().flatMap { index, run -> [Page.Block] in
      guard let evaluation = run.evaluation else {
        return [.heading(run.result.detector)] + strangest(of: run)
      }
      let labels = run.test.samples.map { $0.label ?? 0 }
      func scores(_ label: Int) -> [Float] {
        zip(run.scores, labels).filter { $1 == label }.map(\.0)
      }
      let name = run.result.detector
      return [
        .heading(name),
        .paragraph(
          figuresInWords(evaluation, seed: run.result.seed)
            + (run.explanation.map { " " + $0 } ?? "")),
        .figures([
          Page.Figure(
            .rocCurves(curves, highlighting: index),
            caption: "The band holds, for any one threshold, the true pair of"
              + " rates with 95 % confidence"),
          Page.Figure(
            .scoreHistogram(
              of: name, normal: scores(0), anomalies: scores(1),
              threshold: (evaluation.bestF1.threshold, "best F1")),
            caption: "Scores by class; the threshold of the best F1 was chosen"
              + " by looking at these labels"),
        ]),
        .details(
          summary: "Samples that tell most about \(name)",
          isOpen: run.result.auroc == best, gallery(of: run)),
      ]
    }
  }

  private func figuresInWords(_ evaluation: Evaluation, seed: UInt64) -> String
  {
    let interval = evaluation.aurocInterval().map {
      " (95 % interval \(decimal($0.lowerBound, places: 3)) to"
        + " \(decimal($0.upperBound, places: 3)))"
    }
    return "AUC \(decimal(evaluation.auroc, places: 4))\(interval ?? ""),"
      + " average precision \(decimal(evaluation.averagePrecision, places: 4)),"
      + " best F1 \(decimal(evaluation.bestF1.value, places: 4)); seed \(seed)."
  }

  private func mostAnomalous(of run: ComparisonRun) -> Page.Block {
    .gallery(
      title: "Most anomalous",
      exhibits(run.extremes.mostAnomalous, of: run))
  }

  private func exhibits(
    _ places: [Int], of run: ComparisonRun
  ) -> [Page.Exhibit] {
    let ranks = ranks(of: run.scores)
    let heat = HeatOverlay(run.heatMaps.values)
    return places.map { place in
      let sample = run.test.samples[place]
      var exhibit = Page.Exhibit(
        lines: [
          "rank \(ranks[place]) of \(ranks.count)",
          "score \(short(Double(run.scores[place])))",
        ] + [sample.kindInWords].compactMap(\.self) + [path(of: sample)]
          + (run.groupInWords(place).map { ["group \($0)"] } ?? []))
      exhibit.bars = (run.reasons[place] ?? []).leading.map {
        ($0.inWords, $0.share)
      }
      if let picture = run.pictures[place] {
        exhibit.pictures.append(
          (
            ([path(of: sample)] + [sample.kindInWords].compactMap(\.self))
              .joined(separator: ", "), picture
          ))
        exhibit.overlay = run.heatMaps[place].map {
          (
            "\(path(of: sample)): where \(run.result.detector) sees it strange",
            heat.draw(
              $0, on: picture, outlining: run.masks[place],
              above: run.heatMapThreshold)
          )
        }
      }
      if let image = run.reconstructions[place] {
        exhibit.pictures.append(
          (
            "\(path(of: sample)) as \(run.result.detector) reconstructs it",
            image
          )
        )
      }
      return exhibit
    }
  }

  private func gallery(of run: ComparisonRun) -> [Page.Block] {
    let extremes = run.extremes
    let legend: [Page.Block] =
      run.heatMaps.isEmpty
      ? []
      : [
        .paragraph(
          "Over the left of each picture lies a map of where"
            + " \(run.result.detector) sees it strange: blue is ordinary, yellow"
            + " is strange, on one scale for all pictures here; the defect has"
            + " a white outline where the data tells it."
            + (run.heatMapThreshold == nil
              ? ""
              : " Within a black line it is stranger than anywhere in the"
                + " training pictures, each left out, but for 1 in 100 at most.")
            + " Draw the map by the lower corner of its edge.")
      ]
    return legend + [
      mostAnomalous(of: run),
      .gallery(
        title: "False alarms: ordinary samples with the highest scores",
        exhibits(extremes.falseAlarms, of: run)),
      .gallery(
        title: "Missed: anomalies with the lowest scores",
        exhibits(extremes.missedAnomalies, of: run)),
    ]
  }

  /// Without labels there is nothing else to show.
  private func strangest(of run: ComparisonRun) -> [Page.Block] {
    [
      run.explanation.map { .paragraph($0) },
      mostAnomalous(of: run),
    ].compactMap(\.self)
  }

  /// The file of a sample in `folder`, or its name in the data.
  private func path(of sample: Sample) -> String {
    sample.image.map { String($0.path.dropFirst(folder.count)) }
      ?? "sample \(sample.id)"
  }

  /// The place of every score from the highest down, counted from 1; equal
  /// scores share the best place.
  private func ranks(of scores: [Float]) -> [Int] {
    var first: [Float: Int] = [:]
    for (index, score) in scores.sorted(by: >).enumerated()
    where first[score] == nil {
      first[score] = index + 1
    }
    return scores.map { first[$0] ?? scores.count }
  }

  // MARK: Where it comes from

  private var origin: [Page.Block] {
    var blocks: [Page.Block] = []
    let seeds = summary.results.map(\.seed).uniqued()
    var facts = [
      "Seeds: " + seeds.map(String.init).joined(separator: ", ") + "."
    ]
    if !folder.isEmpty { facts.append("Paths begin at \(folder).") }
    if let provenance {
      blocks += [.paragraph("Command:"), .code(provenance.command)]
      facts += provenance.facts
    }
    facts += [
      "Scores are higher for stranger samples. A tie counts one half in the"
        + " AUC; its interval is DeLong's.",
      "The bands of the ROC curves are made of Wilson's intervals of both"
        + " rates.",
    ]
    return blocks + [.list(facts)]
  }
}

extension Sample {
  /// Nil without a label.
  fileprivate var kindInWords: String? {
    guard let label else { return nil }
    let kind = label == 1 ? "anomaly" : "ordinary"
    return defect.map { "\(kind): \($0)" } ?? kind
  }
}
