import Execution
import Images
import LinearAlgebra

/// A made-up product under an inspection camera: one draw of its pose, its
/// texture and, when asked for, one defect.
protocol InspectionScene: Sendable {
  /// The category's folder name.
  static var name: String { get }
  /// 1 for grey, 3 for RGB.
  static var channels: Int { get }
  /// The folder names of the defects.
  static var defects: [String] { get }
  /// That of the defect that only hard data has.
  static var strangeDefect: String { get }

  /// - Parameter defect: One of those named, or nil for an ordinary sample.
  init(
    defect: String?, difficulty: SceneDifficulty,
    using generator: inout SeededGenerator)

  /// The reflectance at a point, each channel 0...1; coordinates in pixels.
  func color(at point: SIMD2<Float>) -> SIMD3<Float>

  /// Whether the defect changed what is seen at the point.
  func isDefective(at point: SIMD2<Float>) -> Bool
}

/// How small defects are, and what varies from image to image besides.
struct SceneDifficulty: Sendable {
  /// Of defects, beside that of the usual ones.
  var defectSize: Float
  /// Of the product's place to every side, in pixels.
  var shift: Float
  /// Of the light in the middle.
  var gain: ClosedRange<Float>
  /// Of the light from one edge to the other.
  var slope: ClosedRange<Float>
  /// Deviation of the camera's noise.
  var noise: Float
  /// Grains of dirt, which are no defects.
  var grains: Int

  static let usual = SceneDifficulty(
    defectSize: 1, shift: 2, gain: 0.97...1.03, slope: -0.03...0.03,
    noise: 1.1 / 255, grains: 0)
  static let hard = SceneDifficulty(
    defectSize: 0.6, shift: 3, gain: 0.9...1.1, slope: -0.1...0.1,
    noise: 2 / 255, grains: 3)
}

/// The side of the square images in pixels.
let sceneSize = 128

/// Where a pixel is sampled.
private let subpixels: [SIMD2<Float>] = [
  [0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75],
]

extension InspectionScene {
  /// The image under uneven light with camera noise, and the defect's mask.
  func photograph(
    _ difficulty: SceneDifficulty, using generator: inout SeededGenerator
  ) -> (image: RasterImage, mask: RasterImage) {
    let gain = generator.number(in: difficulty.gain)
    let slope = generator.point(in: difficulty.slope)
    let dirt = (0..<difficulty.grains).map { _ in Grain(using: &generator) }
    var pixels: [Float] = []
    var mask: [Float] = []
    for row in 0..<sceneSize {
      for column in 0..<sceneSize {
        let corner = SIMD2(Float(column), Float(row))
        var color = SIMD3<Float>.zero
        var isDefective = false
        for offset in subpixels {
          let point = corner + offset
          let clean = self.color(at: point)
          color +=
            dirt.reduce(clean) { $1.covering($0, at: point) }
            / Float(subpixels.count)
          isDefective = isDefective || self.isDefective(at: point)
        }
        let place = corner / Float(sceneSize) - 0.5
        color *= gain + (slope * place).sum()
        for channel in 0..<Self.channels {
          let value =
            color[channel] + difficulty.noise * Float(generator.normal())
          pixels.append(min(max(value, 0), 1))
        }
        mask.append(isDefective ? 1 : 0)
      }
    }
    func image(_ values: [Float], channels: Int) -> RasterImage {
      RasterImage(
        shape: ImageShape(
          height: sceneSize, width: sceneSize, channels: channels),
        values: values)
    }
    return (image(pixels, channels: Self.channels), image(mask, channels: 1))
  }
}

extension SeededGenerator {
  mutating func number(in range: ClosedRange<Float>) -> Float {
    let width = range.upperBound - range.lowerBound
    return range.lowerBound + width * Float(uniform())
  }

  mutating func point(in range: ClosedRange<Float>) -> SIMD2<Float> {
    SIMD2(number(in: range), number(in: range))
  }
}

/// A number from 0...1 that a place of the integer lattice determines.
func latticeNoise(_ x: Int, _ y: Int, seed: UInt32) -> Float {
  var hash = UInt32(truncatingIfNeeded: x) &* 0x9e37_79b1
  hash = (hash ^ UInt32(truncatingIfNeeded: y)) &* 0x85eb_ca77 ^ seed
  hash = (hash ^ hash >> 15) &* 0xc2b2_ae3d
  hash = (hash ^ hash >> 13) &* 0x27d4_eb2f
  return Float(hash >> 8) / Float(1 << 24)
}

/// Noise from 0...1 that varies smoothly over one unit.
func smoothNoise(_ point: SIMD2<Float>, seed: UInt32) -> Float {
  let floor = point.rounded(.down)
  let fraction = point - floor
  let weight = fraction * fraction * (3 - 2 * fraction)
  let (x, y) = (Int(floor.x), Int(floor.y))
  func corner(_ dx: Int, _ dy: Int) -> Float {
    latticeNoise(x + dx, y + dy, seed: seed)
  }
  let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * weight.x
  let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * weight.x
  return top + (bottom - top) * weight.y
}

/// 0 below the first edge, 1 above the second, smooth between.
func smoothStep(_ lower: Float, _ upper: Float, _ value: Float) -> Float {
  let position = min(max((value - lower) / (upper - lower), 0), 1)
  return position * position * (3 - 2 * position)
}

func length(_ vector: SIMD2<Float>) -> Float {
  (vector * vector).sum().squareRoot()
}

/// The first color where `amount` is 0, the second where it is 1.
func mix(
  _ first: SIMD3<Float>, _ second: SIMD3<Float>, _ amount: Float
) -> SIMD3<Float> {
  first + (second - first) * amount
}

/// A grain of dirt, darker or brighter than what is beneath.
private struct Grain {
  private let blotch: Blotch
  private let brightness: Float

  init(using generator: inout SeededGenerator) {
    blotch = Blotch(
      center: generator.point(in: 0...Float(sceneSize)),
      radius: generator.number(in: 1...3),
      seed: UInt32(truncatingIfNeeded: generator.next()))
    brightness = generator.number(in: -0.25...0.15)
  }

  func covering(
    _ color: SIMD3<Float>, at point: SIMD2<Float>
  ) -> SIMD3<Float> {
    color + brightness * blotch.coverage(at: point)
  }
}

/// A blob with a ragged edge, for stains and rust.
struct Blotch {
  var center: SIMD2<Float>
  var radius: Float
  var seed: UInt32

  /// 1 inside, 0 outside, smooth between.
  func coverage(at point: SIMD2<Float>) -> Float {
    let distance = length(point - center)
    guard distance < 1.6 * radius else { return 0 }
    let ragged = distance + radius * (smoothNoise(point / 4, seed: seed) - 0.5)
    return 1 - smoothStep(0.7 * radius, 1.05 * radius, ragged)
  }
}
