import Foundation
import Images

/// Whether two files show the same picture: the text of an SVG with its times
/// masked, the pixels of a PNG, both up to the rounding of another processor.
///
/// An axis that spans a tenth turns a difference of 0.001, one pair of images
/// in another order, into a hundredth of the plot: paths may differ by more
/// than the numbers that a plot tells.
func showTheSame(_ one: URL, _ other: URL) throws -> Bool {
  guard one.pathExtension == "png" else {
    let (ours, theirs) = try (svgLines(one), svgLines(other))
    return Likeness().holds(
      ours.filter { !isPath($0) }, expected: theirs.filter { !isPath($0) })
      && Likeness(tolerance: 0.02).holds(
        ours.filter(isPath), expected: theirs.filter(isPath))
  }
  let (ours, theirs) = try (PictureFile.decode(one), PictureFile.decode(other))
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

private func isPath(_ line: String) -> Bool { line.hasPrefix("<path") }
