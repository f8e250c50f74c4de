/// A figure: two axes and what stands between them.
///
/// Described once, drawn as SVG (`svg`) or as pgfplots source (`pgfplots`).
public struct VectorPlot: Hashable, Sendable {
  /// A place in the units of the axes.
  package struct Point: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A rectangle in the units of the axes.
  package struct Rectangle: Hashable, Sendable {
    package var x: ClosedRange<Double>
    package var y: ClosedRange<Double>

    package init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
      self.x = x
      self.y = y
    }
  }

  /// A field of a heat table.
  package struct Cell: Hashable, Sendable {
    package var column: Int
    package var row: Int
    package var text: String
    /// Nil for a field without a figure.
    package var color: HeatColor?
    package var isBold = false

    package init(
      column: Int, row: Int, text: String, color: HeatColor?,
      isBold: Bool = false
    ) {
      self.column = column
      self.row = row
      self.text = text
      self.color = color
      self.isBold = isBold
    }
  }

  /// How something is coloured; a numbered colour comes with a dash pattern
  /// and a marker of its own, so that no meaning hangs on colour alone.
  package enum Ink: Hashable, Sendable {
    /// The colour of text.
    case text
    /// Context that should not catch the eye.
    case muted
    /// One of a row of colours, counted from 0.
    case series(Int)
  }

  /// The side of its place on which a label stands.
  package enum Anchor: Hashable, Sendable {
    /// The label begins at its place.
    case start
    case middle
    /// The label ends at its place.
    case end
  }

  /// Something drawn between the axes; later ones lie over earlier ones.
  package enum Mark: Hashable, Sendable {
    case line([Point], Ink, isThick: Bool = false)
    /// The area between two curves.
    case band(lower: [Point], upper: [Point], Ink)
    case bars([Rectangle], Ink)
    case points([Point], Ink)
    /// A dashed line across the figure, with a word at its top.
    case rule(x: Double, String)
    case label(String, Point, Anchor)
    case cells([Cell])
  }

  /// A line of the legend.
  package struct LegendEntry: Hashable, Sendable {
    /// What stands before the name.
    package enum Key: Hashable, Sendable {
      case line
      case area
      case point
    }

    package var name: String
    package var ink: Ink
    package var key: Key

    package init(_ name: String, _ ink: Ink, _ key: Key) {
      self.name = name
      self.ink = ink
      self.key = key
    }
  }

  /// What the figure is, in a few words.
  public var title: String
  /// What there is to see, for those who cannot see it.
  public var summary: String
  /// The size of the rectangle between the axes, in CSS pixels (1/96 inch).
  package var width: Double
  package var height: Double
  package var x: PlotAxis
  package var y: PlotAxis
  package var marks: [Mark]
  package var legend: [LegendEntry]

  package init(
    title: String, summary: String, width: Double = 260, height: Double = 200,
    x: PlotAxis, y: PlotAxis, marks: [Mark] = [], legend: [LegendEntry] = []
  ) {
    self.title = title
    self.summary = summary
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    self.marks = marks
    self.legend = legend
  }
}

extension VectorPlot {
  /// The plot without the places that have none between its axes: NaN,
  /// infinities, and what a logarithmic axis cannot show.
  var drawable: VectorPlot {
    func isShown(_ point: Point) -> Bool {
      x.fraction(point.x).isFinite && y.fraction(point.y).isFinite
    }
    var plot = self
    plot.marks = marks.compactMap { mark in
      switch mark {
      case .line(let points, let ink, let isThick):
        .line(points.filter(isShown), ink, isThick: isThick)
      case .band(let lower, let upper, let ink):
        .band(
          lower: lower.filter(isShown), upper: upper.filter(isShown), ink)
      case .bars(let bars, let ink):
        .bars(
          bars.filter {
            isShown(Point($0.x.lowerBound, $0.y.lowerBound))
              && isShown(Point($0.x.upperBound, $0.y.upperBound))
          }, ink)
      case .points(let points, let ink): .points(points.filter(isShown), ink)
      case .rule(let value, _): x.fraction(value).isFinite ? mark : nil
      case .label(_, let point, _): isShown(point) ? mark : nil
      case .cells(let cells):
        .cells(
          cells.filter { isShown(Point(Double($0.column), Double($0.row))) })
      }
    }
    return plot
  }
}
