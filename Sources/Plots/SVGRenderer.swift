import Foundation

extension VectorPlot {
  /// The figure as an SVG document of its own, for light and dark surroundings.
  public var svg: String {
    SVGRenderer(plot: drawable, id: nil).document + "\n"
  }

  /// The figure as an `svg` element of a page that has `PlotPalette.css`.
  ///
  /// - Parameter id: Unlike those of the other figures of the page.
  package func svgElement(id: String) -> String {
    SVGRenderer(plot: drawable, id: id).document
  }
}

/// Draws a plot as SVG.
private struct SVGRenderer {
  private let plot: VectorPlot
  private let id: String?
  private let legend: LegendLayout
  private let left: Double
  private let top: Double
  private let right: Double
  private let bottom: Double
  private let tiltsNames: Bool

  private static let tickFont = 11.0
  private static let font = 12.0
  private static let tickLength = 4.0
  private static let gap = 4.0

  init(plot: VectorPlot, id: String?) {
    self.plot = plot
    self.id = id
    let columnTicks = plot.x.ticks
    let widest =
      columnTicks.map { textWidth($0.label, size: Self.tickFont) }.max() ?? 0
    let distance = plot.width / Double(max(columnTicks.count, 1))
    let isNamed = if case .names = plot.x.scale { true } else { false }
    tiltsNames = isNamed && widest > distance - 2
    let tickHeight = tiltsNames ? widest * 0.64 + 12 : Self.tickFont + 2
    let rowWidth =
      plot.y.ticks.map { textWidth($0.label, size: Self.tickFont) }.max() ?? 0

    func thickness(_ axis: PlotAxis, _ ticks: Double) -> Double {
      axis.placement == .hidden
        ? 0
        : Self.tickLength + Self.gap + ticks
          + (axis.label.isEmpty ? 0 : Self.font + 2 * Self.gap)
    }
    let row = thickness(plot.y, rowWidth)
    let column = thickness(plot.x, tickHeight)
    // Labels may stand out of the frame.
    var outside = (left: 2.0, right: 8.0)
    for case .label(let text, let point, let anchor) in plot.marks {
      let place = plot.x.fraction(point.x) * plot.width
      let width = textWidth(text, size: Self.font)
      let before =
        switch anchor {
        case .start: 0.0
        case .middle: width / 2
        case .end: width
        }
      outside.left = max(outside.left, before - place + Self.gap)
      outside.right = max(
        outside.right, place + width - before - plot.width + Self.gap)
    }
    if case .names = plot.x.scale {
      // Tilted names reach to the left of the first column.
      if tiltsNames { outside.left = max(outside.left, widest * 0.77 - 20) }
    } else if plot.x.placement != .hidden, let last = columnTicks.last {
      let width = textWidth(last.label, size: Self.tickFont)
      outside.right = max(
        outside.right,
        (plot.x.fraction(last.value) - 1) * plot.width + width / 2)
    }
    left = max(outside.left, plot.y.placement == .near ? row + 2 : 0)
    right = max(outside.right, plot.y.placement == .far ? row + 2 : 0)
    legend = LegendLayout(
      plot.legend, width: left + plot.width + right, font: Self.font)
    let hasRule = plot.marks.contains {
      if case .rule = $0 { true } else { false }
    }
    top =
      legend.height + (hasRule ? Self.font + 2 * Self.gap : 8)
      + (plot.x.placement == .far ? column : 0)
    bottom = plot.x.placement == .near ? column + 2 : 6
  }

  var document: String {
    let width = left + plot.width + right
    let height = top + plot.height + bottom
    let size = "\(number(width))\" height=\"\(number(height))"
    let prefix = id ?? "plot"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" \
      width="\(size)" viewBox="0 0 \(number(width)) \(number(height))" \
      aria-labelledby="\(prefix)-title \(prefix)-summary">
      <title id="\(prefix)-title">\(plot.title.escapedForMarkup)</title>
      <desc id="\(prefix)-summary">\(plot.summary.escapedForMarkup)</desc>
      \(id == nil ? "<style>\n\(PlotPalette.css)\n</style>\n" : "")\
      \(legendMarkup)\
      <g transform="translate(\(number(left)) \(number(top)))">
      \(columnAxis)\(rowAxis)\(plot.marks.map(markup).joined())</g>
      </svg>
      """
  }

  // MARK: Axes

  private var columnAxis: String {
    axis(
      plot.x, across: plot.height,
      edge: plot.x.placement == .near ? plot.height : 0,
      outward: plot.x.placement == .near ? 1 : -1, isVertical: false)
  }

  private var rowAxis: String {
    axis(
      plot.y, across: plot.width,
      edge: plot.y.placement == .near ? 0 : plot.width,
      outward: plot.y.placement == .near ? -1 : 1, isVertical: true)
  }

  /// Grid, line, ticks and words of an axis.
  ///
  /// - Parameters:
  ///   - across: The length of grid lines.
  ///   - edge: Where the axis stands, in the other coordinate.
  ///   - outward: The direction of its ticks, 1 or -1.
  private func axis(
    _ axis: PlotAxis, across: Double, edge: Double, outward: Double,
    isVertical: Bool
  ) -> String {
    guard axis.placement != .hidden else { return "" }
    func point(_ along: Double, _ other: Double) -> (Double, Double) {
      isVertical ? (other, along) : (along, other)
    }
    func line(
      _ style: String, _ from: (Double, Double), _ to: (Double, Double)
    ) -> String {
      "<path class=\"\(style)\" d=\"M\(pair(from))L\(pair(to))\"/>\n"
    }
    let length = isVertical ? plot.height : plot.width
    var markup = ""
    for tick in axis.ticks {
      let along = isVertical ? y(tick.value) : x(tick.value)
      if axis.hasGrid {
        markup += line("grid", point(along, 0), point(along, across))
      }
      markup += line(
        "axis", point(along, edge),
        point(along, edge + outward * Self.tickLength))
      let place = edge + outward * (Self.tickLength + Self.gap)
      if isVertical {
        markup += text(
          tick.label, place, along + Self.tickFont * 0.36,
          outward < 0 ? .end : .start, style: "tick")
      } else if tiltsNames {
        let baseline = outward > 0 ? place + 6 : place
        markup += text(
          tick.label, along, baseline, outward > 0 ? .end : .start,
          style: "tick", rotation: -40)
      } else {
        let baseline = outward > 0 ? place + Self.tickFont * 0.8 : place
        markup += text(tick.label, along, baseline, .middle, style: "tick")
      }
    }
    markup += line("axis", point(0, edge), point(length, edge))
    guard !axis.label.isEmpty else { return markup }
    if isVertical {
      let place =
        outward < 0 ? Self.font - left + 1 : plot.width + right - Self.gap
      return markup
        + text(axis.label, place, length / 2, .middle, rotation: -90)
    }
    let place =
      outward > 0
      ? plot.height + bottom - Self.gap : legend.height + Self.font - top
    return markup + text(axis.label, length / 2, place, .middle)
  }

  // MARK: Marks

  private func markup(_ mark: VectorPlot.Mark) -> String {
    switch mark {
    case .line(let points, let ink, let isThick):
      let dash = self.dash(ink)
      return
        "<path class=\"line \(style(ink))\(isThick ? " thick" : "")\""
        + "\(dash) d=\"\(path(points))\"/>\n"
    case .band(let lower, let upper, let ink):
      return "<path class=\"band \(style(ink))\""
        + " d=\"\(path(lower + upper.reversed()))Z\"/>\n"
    case .bars(let bars, let ink):
      let rectangles = bars.filter { $0.y.upperBound > $0.y.lowerBound }.map {
        "M\(pair((x($0.x.lowerBound), y($0.y.lowerBound))))"
          + "V\(number(y($0.y.upperBound)))H\(number(x($0.x.upperBound)))"
          + "V\(number(y($0.y.lowerBound)))Z"
      }
      return "<path class=\"bars \(style(ink))\""
        + " d=\"\(rectangles.joined())\"/>\n"
    case .points(let points, let ink):
      let markers = points.map { marker(ink, x($0.x), y($0.y)) }.joined()
      return "<path class=\"points \(style(ink))\" d=\"\(markers)\"/>\n"
    case .rule(let value, let word):
      let place = x(value)
      let anchor: VectorPlot.Anchor =
        switch plot.x.fraction(value) {
        case ..<0.3: .start
        case 0.7...: .end
        default: .middle
        }
      return
        "<path class=\"rule\" d=\"M\(pair((place, -Self.gap)))"
        + "V\(number(plot.height))\"/>\n"
        + text(word, place, -2 * Self.gap, anchor, style: "tick")
    case .label(let word, let point, let anchor):
      return text(word, x(point.x), y(point.y) + Self.font * 0.36, anchor)
    case .cells(let cells):
      return cells.map(markup).joined()
    }
  }

  private func markup(_ cell: VectorPlot.Cell) -> String {
    let columns = Double(cell.column) - 0.5...Double(cell.column) + 0.5
    let rows = Double(cell.row) - 0.5...Double(cell.row) + 0.5
    let corner = (x(columns.lowerBound) + 1, y(rows.lowerBound) + 1)
    let width = x(columns.upperBound) - x(columns.lowerBound) - 2
    let height = y(rows.upperBound) - y(rows.lowerBound) - 2
    let fill =
      cell.color.map { "fill=\"#\(hexadecimal($0))\"" } ?? "class=\"empty\""
    let ink = cell.color.map { $0.isDark ? "#fff" : "#000" }
    return "<rect x=\"\(number(corner.0))\" y=\"\(number(corner.1))\""
      + " width=\"\(number(width))\" height=\"\(number(height))\" rx=\"2\""
      + " \(fill)/>\n"
      + text(
        cell.text, x(Double(cell.column)),
        y(Double(cell.row)) + Self.font * 0.36, .middle,
        style: cell.isBold ? "bold" : "", fill: ink)
  }

  private func marker(_ ink: VectorPlot.Ink, _ x: Double, _ y: Double) -> String
  {
    let size = 4.0
    func polygon(_ corners: [(Double, Double)]) -> String {
      let places = corners.map { pair((x + $0.0 * size, y + $0.1 * size)) }
      return "M" + places.joined(separator: "L") + "Z"
    }
    let index = if case .series(let index) = ink { index } else { 0 }
    switch index % 4 {
    case 0:
      return "M\(pair((x - size, y)))a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"
    case 1:
      return polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return polygon([(0, -1.2), (1.15, 0.8), (-1.15, 0.8)])
    default: return polygon([(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)])
    }
  }

  // MARK: Legend

  private var legendMarkup: String {
    legend.entries.map { entry, x, y in
      let middle = y + Self.font / 2 + 1
      let key =
        switch entry.key {
        case .line:
          "<path class=\"line \(style(entry.ink))\"\(dash(entry.ink))"
            + " d=\"M\(pair((x, middle)))h22\"/>\n"
        case .area:
          "<rect class=\"bars \(style(entry.ink))\" x=\"\(number(x + 5))\""
            + " y=\"\(number(y + 2))\" width=\"12\" height=\"10\"/>\n"
        case .point:
          "<path class=\"points \(style(entry.ink))\""
            + " d=\"\(marker(entry.ink, x + 14, middle))\"/>\n"
        }
      return key
        + text(
          entry.name, x + LegendLayout.keyWidth, middle + Self.font * 0.36,
          .start)
    }.joined()
  }

  // MARK: Words

  private func text(
    _ words: String, _ x: Double, _ y: Double, _ anchor: VectorPlot.Anchor,
    style: String = "", rotation: Double = 0, fill: String? = nil
  ) -> String {
    let anchorName =
      switch anchor {
      case .start: "start"
      case .middle: "middle"
      case .end: "end"
      }
    let place =
      rotation == 0
      ? "x=\"\(number(x))\" y=\"\(number(y))\""
      : "transform=\"translate(\(pair((x, y)))) rotate(\(number(rotation)))\""
    let style = style.isEmpty ? "" : " class=\"\(style)\""
    // A style wins over the rule for all text, an attribute would not.
    let fill = fill.map { " style=\"fill:\($0)\"" } ?? ""
    return "<text \(place) text-anchor=\"\(anchorName)\"\(style)\(fill)>"
      + "\(words.escapedForMarkup)</text>\n"
  }

  private func style(_ ink: VectorPlot.Ink) -> String {
    switch ink {
    case .text: "text"
    case .muted: "muted"
    case .series(let index): "s\(index % PlotPalette.series.count)"
    }
  }

  private func dash(_ ink: VectorPlot.Ink) -> String {
    guard case .series(let index) = ink,
      case let dash = PlotPalette.dashes[index % PlotPalette.dashes.count],
      !dash.isEmpty
    else { return "" }
    let lengths = dash.map(String.init).joined(separator: " ")
    return " stroke-dasharray=\"\(lengths)\""
  }

  // MARK: Places

  private func x(_ value: Double) -> Double {
    plot.x.fraction(value) * plot.width
  }

  /// Counted from the top, as SVG does.
  private func y(_ value: Double) -> Double {
    let fraction = plot.y.fraction(value)
    if case .names = plot.y.scale { return fraction * plot.height }
    return (1 - fraction) * plot.height
  }

  private func path(_ points: [VectorPlot.Point]) -> String {
    "M" + points.map { pair((x($0.x), y($0.y))) }.joined(separator: "L")
  }

  private func pair(_ point: (Double, Double)) -> String {
    "\(number(point.0)) \(number(point.1))"
  }
}

/// Where the entries of a legend stand: in lines, from the left.
private struct LegendLayout {
  static let keyWidth = 28.0
  private static let lineHeight = 17.0

  private(set) var entries: [(VectorPlot.LegendEntry, x: Double, y: Double)] =
    []
  private(set) var height = 0.0

  init(_ legend: [VectorPlot.LegendEntry], width: Double, font: Double) {
    var x = 4.0
    var y = 2.0
    for entry in legend {
      let own = Self.keyWidth + textWidth(entry.name, size: font) + 16
      if x > 4, x + own > width {
        x = 4
        y += Self.lineHeight
      }
      entries.append((entry, x, y))
      x += own
    }
    height = legend.isEmpty ? 0 : y + Self.lineHeight
  }
}

/// About the width of words in the usual sans-serif fonts, generously.
private func textWidth(_ text: String, size: Double) -> Double {
  let narrow: Set<Unicode.Scalar> = [
    "i", "j", "l", "t", ".", ",", ":", ";", "'", "|", "!", "(", ")", "[", "]",
    " ",
  ]
  return text.unicodeScalars.reduce(0) { width, scalar in
    // East Asian characters are as wide as high.
    width
      + (scalar.value >= 0x2E80 ? 1 : narrow.contains(scalar) ? 0.4 : 0.64)
  } * size
}

/// With at most two places, which is finer than a pixel of any screen.
private func number(_ value: Double) -> String {
  // What lies outside of every screen lies there wherever it is.
  let rounded = (min(max(value, -1e7), 1e7) * 100).rounded() / 100
  return rounded == rounded.rounded()
    ? String(Int(rounded)) : String(format: "%g", rounded)
}

private func hexadecimal(_ color: HeatColor) -> String {
  [color.red, color.green, color.blue].map { String(format: "%02x", $0) }
    .joined()
}
