/// A figure: two axes and what stands between them.
///
/// Described once, drawn as SVG (`svg`) or as pgfplots source (`pgfplots`).
public struct Plot: Hashable, Sendable {
  /// A place in the units of the axes.
  public struct Point: Hashable, Sendable {
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A rectangle in the units of the axes.
  public struct Rectangle: Hashable, Sendable {
    public var x: ClosedRange<Double>
    public var y: ClosedRange<Double>

    public init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
      self.x = x
      self.y = y
    }
  }

  /// A field of a heat table.
  public struct Cell: Hashable, Sendable {
    public var column: Int
    public var row: Int
    public var text: String
    /// Nil for a field without a figure.
    public var color: HeatColor?
    public var isBold = false

    public init(
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
  public enum Ink: Hashable, Sendable {
    /// The colour of text.
    case text
    /// Context that should not catch the eye.
    case muted
    /// One of a row of colours, counted from 0.
    case series(Int)
  }

  /// The side of its place on which a label stands.
  public enum Anchor: Hashable, Sendable {
    /// The label begins at its place.
    case start
    case middle
    /// The label ends at its place.
    case end
  }

  /// Something drawn between the axes; later ones lie over earlier ones.
  public enum Mark: Hashable, Sendable {
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
  public struct LegendEntry: Hashable, Sendable {
    /// What stands before the name.
    public enum Key: Hashable, Sendable {
      case line
      case area
      case point
    }

    public var name: String
    public var ink: Ink
    public var key: Key

    public init(_ name: String, _ ink: Ink, _ key: Key) {
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
  public var width: Double
  public var height: Double
  public var x: PlotAxis
  public var y: PlotAxis
  public var marks: [Mark]
  public var legend: [LegendEntry]

  public init(
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
