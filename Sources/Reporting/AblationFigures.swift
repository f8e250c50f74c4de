import Experiments
import Plots

extension AblationReport {
  /// The figures and the names of their files.
  var figures: [(name: String, figure: Page.Figure)] {
    tables.flatMap(\.figures)
      + (timeFigure.map { [("time-against-auc", $0)] } ?? [])
  }

  var timeFigure: Page.Figure? {
    VectorPlot.timeAgainstAUROC(results.runs.map(\.result)).map {
      Page.Figure($0, caption: "One marker a run; up and left is better")
    }
  }
}

extension AblationTable {
  /// A curve over a hyper-parameter, or a heat table; and the ranks, where
  /// there are several categories.
  var figures: [(name: String, figure: Page.Figure)] {
    let main =
      curves.map {
        ($0, "AUC over \(title), with a standard deviation over the seeds")
      } ?? (heatTable, "AUC, \(title)")
    var figures = [(fileName, Page.Figure(main.0, caption: main.1))]
    // More names than this cannot be told apart.
    if let ranking, ranking.names.count <= 12 {
      figures.append(
        (
          "\(fileName)-ranks",
          Page.Figure(
            .criticalDifference(
              Array(zip(ranking.names, ranking.comparison.meanRanks))
                .map { (name: $0, rank: $1) },
              criticalDifference: ranking.comparison.criticalDifference()),
            caption: "Mean ranks over \(ranking.comparison.datasetCount)"
              + " categories, 1 is best; a bar joins what does not differ"
              + " significantly")
        ))
    }
    return figures
  }

  private var heatTable: VectorPlot {
    .heatTable(
      title: title, rows: rowNames, columns: columnNames,
      aurocs: cells.map { $0.map { $0?.auroc.mean } })
  }

  /// Over a direction that is one hyper-parameter; nil when there is none, or
  /// too many curves to tell apart.
  private var curves: VectorPlot? {
    let fields = cells
    if let curves = curves(
      over: layout.rows, rowNames, lines: columnTitles,
      cell: { fields[$0][$1] })
    {
      return curves
    }
    return curves(
      over: layout.columns, columnNames, lines: rowTitles,
      cell: { fields[$1][$0] })
  }

  private func curves(
    over axes: [String], _ values: [String], lines: [String],
    cell: (_ value: Int, _ line: Int) -> Cell?
  ) -> VectorPlot? {
    let words = [
      "category", "dataset", "detector", "features", "color", "scaler",
    ]
    guard axes.count == 1, !words.contains(axes[0]), values.count > 1,
      lines.count <= 8
    else { return nil }
    let numbers = values.compactMap(Double.init)
    // A fraction and a count of components have no common axis.
    let isNumeric =
      numbers.count == values.count
      && !(numbers.contains { $0 < 1 } && axes[0] == "n-components"
        && numbers.contains { $0 >= 1 })
    let places = isNumeric ? numbers : values.indices.map(Double.init)
    let least = numbers.min() ?? 0
    let axis: PlotAxis =
      if !isNumeric {
        PlotAxis(axes[0], .names(values))
      } else if least > 0, (numbers.max() ?? 0) >= 20 * least {
        .logarithmic(axes[0], showing: numbers)
      } else {
        .linear(axes[0], showing: numbers)
      }
    let curves = lines.enumerated().map { line, name in
      VectorPlot.Curve(
        name,
        values.indices.compactMap { value in
          cell(value, line).map {
            VectorPlot.Curve.Value(
              x: places[value], mean: $0.auroc.mean,
              spread: $0.auroc.deviation ?? 0)
          }
        }.sorted { $0.x < $1.x })
    }
    return .curves(title: title, curves, x: axis, label: "ROC AUC")
  }
}
