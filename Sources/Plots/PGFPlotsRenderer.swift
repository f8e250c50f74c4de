import Foundation

extension VectorPlot {
  /// The figure as LaTeX source: a `tikzpicture` to be read by `\input`.
  ///
  /// The document needs `\usepackage{pgfplots}` and
  /// `\pgfplotsset{compat=1.18}`.
  public var pgfplots: String { PGFPlotsRenderer(plot: drawable).document }
}

/// Draws a plot as pgfplots source.
private struct PGFPlotsRenderer {
  let plot: VectorPlot

  /// CSS pixels to TeX points.
  private static let pointsPerPixel = 72.27 / 96

  var document: String {
    """
    % \(plot.title.escapedForTeX)
    % Needs \\usepackage{pgfplots} and \\pgfplotsset{compat=1.18}.
    \\begin{tikzpicture}
    \(colors)\
    \\begin{axis}[
    \(options.map { "  \($0),\n" }.joined())]
    \(plot.marks.map(source).joined())\(legend)\\end{axis}
    \\end{tikzpicture}

    """
  }

  private var colors: String {
    PlotPalette.series.enumerated().map {
      "\\definecolor{series\($0)}{HTML}{\($1.light)}\n"
    }.joined() + "\\definecolor{muted}{HTML}{8A939C}\n"
  }

  private var options: [String] {
    let points = { number($0 * Self.pointsPerPixel) + "pt" }
    var options = [
      "scale only axis", "width=\(points(plot.width))",
      "height=\(points(plot.height))", "clip=false",
      "tick label style={font=\\footnotesize}",
      "label style={font=\\small}",
      "tick align=outside", "minor tick length=0pt",
      // Clear of the word at the top of a rule.
      "legend style={font=\\footnotesize, draw=none, fill=none,"
        + " at={(0.5,1.02)}, yshift=9pt, anchor=south, legend columns=2,"
        + " /tikz/every even column/.append style={column sep=8pt}}",
      "legend cell align=left",
    ]
    options += axis(plot.x, "x", near: "bottom", far: "top")
    options += axis(plot.y, "y", near: "left", far: "right")
    if case .names = plot.y.scale { options.append("y dir=reverse") }
    if case .names(let names) = plot.x.scale, names.count > 3 {
      options.append(
        "x tick label style={rotate=40, anchor=north east, inner sep=1pt}")
    }
    return options
  }

  private func axis(
    _ axis: PlotAxis, _ name: String, near: String, far: String
  ) -> [String] {
    let bounds = axis.bounds
    var options = [
      "\(name)min=\(number(bounds.lowerBound))",
      "\(name)max=\(number(bounds.upperBound))",
    ]
    if axis.isLogarithmic { options.append("\(name)mode=log") }
    guard axis.placement != .hidden else {
      return options + ["\(name)tick=\\empty", "axis \(name) line=none"]
    }
    let ticks = axis.ticks
    let values = ticks.map { number($0.value) }.joined(separator: ",")
    let labels = ticks.map { "{\($0.label.escapedForTeX)}" }
      .joined(separator: ",")
    options += [
      "axis \(name) line*=\(axis.placement == .near ? near : far)",
      "\(name)tick={\(values)}", "\(name)ticklabels={\(labels)}",
      "minor \(name) tick num=0",
      "\(name)label={\(axis.label.escapedForTeX)}",
    ]
    if axis.hasGrid {
      options += [
        "\(name)majorgrids", "major grid style={black!13}",
      ]
    }
    return options
  }

  private func source(_ mark: VectorPlot.Mark) -> String {
    switch mark {
    case .line(let points, let ink, let isThick):
      let width =
        "line width=\(isThick ? "3pt" : ink == .muted ? "0.7pt" : "1.2pt")"
      return addPlot("no markers, \(color(ink)), \(width)\(dash(ink))", points)
        + ";\n"
    case .band(let lower, let upper, let ink):
      return addPlot(
        "draw=none, fill=\(color(ink)), fill opacity=0.17",
        lower + upper.reversed()) + " -- cycle;\n"
    case .bars(let bars, let ink):
      return bars.filter { $0.y.upperBound > $0.y.lowerBound }.map {
        "\\filldraw[\(color(ink)), fill opacity=0.3]"
          + " \(place(.init($0.x.lowerBound, $0.y.lowerBound))) rectangle"
          + " \(place(.init($0.x.upperBound, $0.y.upperBound)));\n"
      }.joined()
    case .points(let points, let ink):
      return addPlot(
        "only marks, mark=\(marker(ink)), mark size=2.4pt, \(color(ink))",
        points) + ";\n"
    case .rule(let value, let word):
      let ends = plot.y.bounds
      return "\\draw[dashed] \(place(.init(value, ends.lowerBound))) --"
        + " \(place(.init(value, ends.upperBound)))"
        + " node[above, font=\\footnotesize] {\(word.escapedForTeX)};\n"
    case .label(let word, let point, let anchor):
      let side =
        switch anchor {
        case .start: "west"
        case .middle: "center"
        case .end: "east"
        }
      return "\\node[anchor=\(side), font=\\small, inner sep=0pt] at"
        + " \(place(point)) {\(word.escapedForTeX)};\n"
    case .cells(let cells):
      return cells.map(source).joined()
    }
  }

  private func source(_ cell: VectorPlot.Cell) -> String {
    let column = Double(cell.column)
    let row = Double(cell.row)
    let field =
      "\(place(.init(column - 0.5, row - 0.5))) rectangle"
      + " \(place(.init(column + 0.5, row + 0.5)));\n"
    let paint =
      cell.color.map {
        "\\fill[fill={rgb,255:red,\($0.red);green,\($0.green);"
          + "blue,\($0.blue)}] "
      } ?? "\\draw[black!30] "
    let weight = cell.isBold ? ", font=\\small\\bfseries" : ", font=\\small"
    let ink = cell.color?.isDark == true ? "white" : "black"
    return paint + field
      + "\\node[text=\(ink)\(weight)] at \(place(.init(column, row)))"
      + " {\(cell.text.escapedForTeX)};\n"
  }

  private var legend: String {
    plot.legend.map { entry in
      let image =
        switch entry.key {
        case .line:
          "no markers, \(color(entry.ink)), line width=1.2pt"
            + dash(entry.ink)
        case .area:
          "area legend, draw=\(color(entry.ink)),"
            + " fill=\(color(entry.ink)), fill opacity=0.3"
        case .point:
          "only marks, mark=\(marker(entry.ink)), \(color(entry.ink))"
        }
      return "\\addlegendimage{\(image)}\n"
        + "\\addlegendentry{\(entry.name.escapedForTeX)}\n"
    }.joined()
  }

  private func color(_ ink: VectorPlot.Ink) -> String {
    switch ink {
    case .text: "black"
    case .muted: "muted"
    case .series(let index): "series\(index % PlotPalette.series.count)"
    }
  }

  private func dash(_ ink: VectorPlot.Ink) -> String {
    guard case .series(let index) = ink,
      case let dash = PlotPalette.dashes[index % PlotPalette.dashes.count],
      !dash.isEmpty
    else { return "" }
    let pattern = dash.enumerated().map {
      "\($0 % 2 == 0 ? "on" : "off") \(number(Double($1) * 0.6))pt"
    }
    return ", dash pattern=" + pattern.joined(separator: " ")
  }

  private func marker(_ ink: VectorPlot.Ink) -> String {
    let index = if case .series(let index) = ink { index } else { 0 }
    return ["*", "square*", "triangle*", "diamond*"][index % 4]
  }

  /// A plot that the legend leaves out, without its semicolon.
  private func addPlot(_ style: String, _ points: [VectorPlot.Point]) -> String
  {
    let places = points.map { "(\(number($0.x)),\(number($0.y)))" }
    return "\\addplot[\(style), forget plot] coordinates {"
      + places.joined(separator: " ") + "}"
  }

  private func place(_ point: VectorPlot.Point) -> String {
    "(axis cs:\(number(point.x)),\(number(point.y)))"
  }
}

/// Six significant digits, as many as TeX can hold.
private func number(_ value: Double) -> String {
  String(format: "%.6g", value)
}
