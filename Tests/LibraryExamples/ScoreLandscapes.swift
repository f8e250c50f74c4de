import AnomalyKit
import Foundation

/// A sheet of what one detector makes of three clouds of points in the plane.
func scoreLandscapes(_ named: NamedDetector, to url: URL) throws {
  let pictures = try clouds.map { cloud in
    try landscape(of: named.detector, over: cloud)
  }
  try ImageSheet(
    title: "Scores of \(named.name) in the plane",
    columns: ["two groups", "a ring", "line and strays"],
    rows: [ImageSheet.Row("", pictures)]
  ).write(to: url, side: side)
}

private let side = 224

/// Darker is stranger; blue is below the 0.95 quantile of the training scores,
/// the dots are the training samples.
private func landscape(
  of detector: any Detector, over points: Matrix
) throws -> ImageSheet.Picture {
  let model = try detector.fit(points, in: RunContext(seed: 0))
  let grid = Matrix(
    (0..<side * side).map { [place($0 % side), place($0 / side)] })
  let scores = try model.scores(for: grid)
  let threshold = Float(
    try Quantile(0.95).threshold(
      of: model.scores(for: points).sorted()))
  let (lowest, highest) = (scores.min() ?? 0, scores.max() ?? 1)
  var image = RasterImage(
    shape: ImageShape(height: side, width: side, channels: 3))
  for (pixel, score) in scores.enumerated() {
    let shade = 1 - 0.7 * ((score - lowest) / (highest - lowest)).squareRoot()
    let isInside = score <= threshold
    let color =
      isInside
      ? [shade * 0.75, shade * 0.9, shade]
      : [shade, shade * 0.85, shade * 0.65]
    for channel in 0..<3 {
      image[pixel % side, pixel / side, channel] = color[channel]
    }
  }
  for row in 0..<points.rows {
    dot(points[row, 0], points[row, 1], on: &image)
  }
  return ImageSheet.Picture(image)
}

private let extent: Float = 3

private func place(_ pixel: Int) -> Float {
  (Float(pixel) + 0.5) / Float(side) * 2 * extent - extent
}

private func dot(_ x: Float, _ y: Float, on image: inout RasterImage) {
  let (column, row) = (
    Int((x + extent) / (2 * extent) * Float(side)),
    Int((y + extent) / (2 * extent) * Float(side))
  )
  for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
    guard 0..<side ~= column + x, 0..<side ~= row + y else { continue }
    for channel in 0..<3 { image[column + x, row + y, channel] = 0 }
  }
}

/// 150 points each.
private let clouds: [Matrix] = {
  var random = SeededGenerator(seed: 0)
  func around(_ x: Double, _ y: Double, _ spread: Double) -> [Float] {
    [
      Float(x + spread * random.normal()), Float(y + spread * random.normal()),
    ]
  }
  let groups = (0..<150).map {
    $0 < 100 ? around(-1, -0.8, 0.25) : around(1.1, 1, 0.5)
  }
  let ring = (0..<150).map { index in
    let angle = 2 * Double.pi * Double(index) / 150
    return around(1.6 * cos(angle), 1.6 * sin(angle), 0.15)
  }
  let line = (0..<150).map { index -> [Float] in
    guard index >= 5 else { return around(-1.5, 1.5, 0.2) }
    let along = 4 * random.uniform() - 2
    return around(along, 0.6 * along, 0.12)
  }
  return [groups, ring, line].map { Matrix($0) }
}()
