import Plots

extension VectorPlot {
  /// AUROC of every column in every row; the best of a row in bold.
  ///
  /// - Parameters:
  ///   - title: What the figure is called.
  ///   - rows: The names of the rows, from the top.
  ///   - columns: The names of the columns.
  ///   - aurocs: One list a row, one figure a column; nil for a run that failed.
  public static func heatTable(
    title: String, rows: [String], columns: [String], aurocs: [[Double?]]
  ) -> VectorPlot {
    let cells = aurocs.enumerated().flatMap { row, values in
      let best = values.compactMap(\.self).max()
      return values.enumerated().map { column, auroc in
        Cell(
          column: column, row: row,
          text: auroc.map { decimal($0, places: 3) } ?? "–",
          color: auroc.map { HeatColor(signed: ($0 - 0.5) * 2) },
          isBold: auroc != nil && auroc == best && values.count > 1)
      }
    }
    return VectorPlot(
      title: title,
      summary: "One row for each of \(rows.joined(separator: ", "));"
        + " one column for each of \(columns.joined(separator: ", "))."
        + " Blue fields are above an area of one half, orange ones below.",
      width: Double(columns.count) * 58, height: Double(rows.count) * 28,
      x: PlotAxis("", .names(columns), hasGrid: false),
      y: PlotAxis("", .names(rows), hasGrid: false),
      marks: [.cells(cells)])
  }
}
