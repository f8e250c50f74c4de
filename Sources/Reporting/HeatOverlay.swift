import Execution
import Experiments
import Images
import Plots

/// Draws heat maps over pictures, all on one scale.
struct HeatOverlay {
  /// What is darkest, and by how much what is brightest is higher.
  private let scale: (low: Float, width: Float)

  /// How much of the map is seen, of one that covers the picture.
  private static let opacity: Float = 0.6
  /// The share of all pixels that is brightest: few, so that one odd pixel
  /// does not darken all others.
  private static let brightestShare = 0.005

  /// The colours of values from 0 to 1, each as red, green and blue.
  private static let colors: [[Float]] = (0...255).map {
    let color = HeatColor(sequential: Double($0) / 255)
    return [color.red, color.green, color.blue].map { Float($0) / 255 }
  }

  /// On the scale of all maps of a run, of which every eighth pixel is taken
  /// into account.
  init(_ maps: some Sequence<RasterImage>) {
    let values = maps.flatMap { map in
      stride(from: 0, to: map.values.count, by: 8).map { map.values[$0] }
    }.sorted()
    guard !values.isEmpty else {
      scale = (0, 1)
      return
    }
    let low = values[values.count / 2]
    let high = values[
      Int((1 - Self.brightestShare) * Double(values.count - 1))]
    scale = (low, max(high - low, .leastNormalMagnitude))
  }

  /// On a scale that hangs on no picture, from what is darkest to what is
  /// brightest.
  init(from low: Float, to high: Float) {
    scale = (low, max(high - low, .leastNormalMagnitude))
  }

  /// The grey picture under the colours of the map, the defect outlined in
  /// white, what lies above a threshold in black.
  ///
  /// - Precondition: Picture, map and mask are of one size.
  func draw(
    _ map: RasterImage, on picture: RasterImage, outlining mask: RasterImage?,
    above threshold: Float? = nil
  ) -> RasterImage {
    let grey = picture.converted(toChannels: 1)
    var image = RasterImage(
      shape: ImageShape(
        height: picture.shape.height, width: picture.shape.width, channels: 3))
    for pixel in map.values.indices {
      let value = (map.values[pixel] - scale.low) / scale.width
      let color = Self.colors[Int((min(max(value, 0), 1) * 255).rounded())]
      for channel in 0..<3 {
        image.values[pixel * 3 + channel] =
          Self.opacity * color[channel]
          + (1 - Self.opacity) * grey.values[pixel]
      }
    }
    let lines: [(outline: [(x: Int, y: Int)]?, color: Float)] = [
      (threshold.map(map.outline(above:)), 0), (mask?.outline(above: 0.5), 1),
    ]
    for (outline, color) in lines {
      for (x, y) in outline ?? [] {
        for channel in 0..<3 { image[x, y, channel] = color }
      }
    }
    return image
  }
}

extension RasterImage {
  /// The pixels above a threshold beside one that is not.
  fileprivate func outline(above threshold: Float) -> [(x: Int, y: Int)] {
    func isBright(_ x: Int, _ y: Int) -> Bool {
      0..<shape.width ~= x && 0..<shape.height ~= y && self[x, y, 0] > threshold
    }
    return (0..<shape.height).flatMap { y in
      (0..<shape.width).filter { x in
        isBright(x, y)
          && !(isBright(x - 1, y) && isBright(x + 1, y) && isBright(x, y - 1)
            && isBright(x, y + 1))
      }.map { ($0, y) }
    }
  }
}
