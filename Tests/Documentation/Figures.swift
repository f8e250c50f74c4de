import Foundation
import Images

/// Whether two files show the same picture: the text of an SVG with its times
/// masked, the pixels of a PNG, both up to the rounding of another processor.
///
/// An axis that spans a tenth turns a difference of 0.001, one pair of images
/// in another order, into a hundredth of the plot.
func showTheSame(_ one: URL, _ other: URL) throws -> Bool {
  guard one.pathExtension == "png" else {
    return try Likeness(tolerance: 0.02)
      .holds(svgLines(one), expected: svgLines(other))
  }
  let (ours, theirs) = try (PNG.decode(one), PNG.decode(other))
  guard ours.shape == theirs.shape else { return false }
  let difference = zip(ours.values, theirs.values).reduce(0) {
    $0 + abs($1.0 - $1.1)
  }
  return difference <= Float(ours.shape.count) * 2 / 255
}

/// One tag a line.
private func svgLines(_ url: URL) throws -> [String] {
  try String(contentsOf: url, encoding: .utf8).replacing("><", with: ">\n<")
    .split(separator: "\n").map(String.init)
}
