import Foundation

/// The colours of plots: told apart by most colour-blind eyes, with a contrast
/// of at least 4.5 to 1 on a light page and on a dark one.
package enum PlotPalette {
  /// RGB in hexadecimal, on light and on dark.
  static let series: [(light: String, dark: String)] = [
    ("0063B1", "6CB6FF"), ("B93A0A", "FF9466"), ("00725A", "4FD1A5"),
    ("8036A0", "D4A1F0"), ("7A5600", "E6C34A"), ("006B82", "5FD4E8"),
    ("B02A63", "FF8FB5"), ("4A5560", "B4BEC9"),
  ]
  static let text = (light: "1B1F24", dark: "E6E9ED")

  /// In SVG units, repeated with the colours; none is a solid line.
  static let dashes: [[Int]] = [[], [7, 3], [2, 2], [9, 3, 2, 3]]

  /// The style of plots without their own: for a page that holds several.
  package static let css = """
    .plot{color:#\(text.light);font:12px/1.2 system-ui,sans-serif}
    .plot text{fill:currentColor}
    .plot .tick{font-size:11px}
    .plot .bold{font-weight:700}
    .plot .grid{stroke:currentColor;stroke-opacity:.13}
    .plot .axis{stroke:currentColor;stroke-opacity:.55;fill:none}
    .plot .rule{stroke:currentColor;stroke-dasharray:5 3}
    .plot .line{stroke:currentColor;stroke-width:2;fill:none;\
    stroke-linejoin:round}
    .plot .thick{stroke-width:4}
    .plot .band{fill:currentColor;fill-opacity:.17}
    .plot .bars{fill:currentColor;fill-opacity:.3;stroke:currentColor}
    .plot .points{fill:currentColor;fill-opacity:.85}
    .plot .empty{fill:none;stroke:currentColor;stroke-opacity:.3}
    .plot .muted{color:#8A939C}
    .plot .muted .line,.plot .line.muted{stroke-width:1.2}
    \(rules(\.light))
    @media screen and (prefers-color-scheme:dark){
    .plot{color:#\(text.dark)}
    .plot .muted{color:#78828C}
    \(rules(\.dark))
    }
    """

  private static func rules(
    _ shade: ((light: String, dark: String)) -> String
  ) -> String {
    series.enumerated().map { ".plot .s\($0){color:#\(shade($1))}" }
      .joined(separator: "\n")
  }
}
