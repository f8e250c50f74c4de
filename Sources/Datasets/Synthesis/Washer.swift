import Execution
import Foundation
import LinearAlgebra

/// A brushed steel ring in the middle of the image.
struct Washer: InspectionScene {
  static let name = "washer"
  static let channels = 3
  static let defects = ["chip", "scratch", "tarnish"]
  static let strangeDefect = "off-center"

  private let center: SIMD2<Float>
  private let outerRadius: Float
  private let innerRadius: Float = 21
  private let seed: UInt32
  private let defect: Defect?

  private enum Defect {
    /// A bite out of the rim.
    case chip(center: SIMD2<Float>, radius: Float)
    case scratch(from: SIMD2<Float>, to: SIMD2<Float>, brightness: Float)
    /// Heat has tinted the whole ring.
    case tarnish(Float)
    /// The hole is not in the middle.
    case offCenter(SIMD2<Float>)
  }

  init(
    defect: String?, difficulty: SceneDifficulty,
    using generator: inout SeededGenerator
  ) {
    let size = difficulty.defectSize
    center = 64 + generator.point(in: -difficulty.shift...difficulty.shift)
    outerRadius = generator.number(in: 45...46)
    seed = UInt32(truncatingIfNeeded: generator.next())
    let angle = generator.number(in: 0...(2 * .pi))
    let direction = SIMD2(cos(angle), sin(angle))
    switch defect {
    case "chip":
      self.defect = .chip(
        center: center + direction * outerRadius,
        radius: size * generator.number(in: 5...11))
    case "scratch":
      let start = center + direction * generator.number(in: 24...30)
      let turn = angle + generator.number(in: -0.9...0.9)
      self.defect = .scratch(
        from: start,
        to: start + SIMD2(cos(turn), sin(turn))
          * (size * generator.number(in: 14...24)),
        brightness: generator.number(in: 0.12...0.3))
    case "tarnish":
      self.defect = .tarnish(size * generator.number(in: 0.12...0.26))
    case "off-center":
      self.defect = .offCenter(direction * generator.number(in: 2...4))
    default:
      self.defect = nil
    }
  }

  func color(at point: SIMD2<Float>) -> SIMD3<Float> {
    let grain = smoothNoise(point / 3, seed: seed) - 0.5
    let belt = SIMD3<Float>(0.20, 0.24, 0.30) * (1 + 0.15 * grain)
    var isSteel = steel(at: point)
    if case .chip(let center, let radius) = defect {
      isSteel *= smoothStep(-0.7, 0.7, length(point - center) - radius)
    }
    let radial = point - center
    let distance = length(radial)
    let unit = radial / max(distance, 1)
    // Brushed rings shine along two opposite directions.
    let shine = unit.x * 0.8 + unit.y * 0.6
    let bevel =
      smoothStep(3, 0, outerRadius - distance)
      + smoothStep(3, 0, length(point - holeCenter) - innerRadius)
    let ring = smoothNoise(
      SIMD2(distance * 1.3, 0), seed: seed &+ 1)
    var metal = SIMD3<Float>(0.62, 0.63, 0.65)
    let brightness: Float = 0.75 + 0.35 * shine * shine
    metal *= brightness + 0.08 * (ring - 0.5) - 0.25 * bevel
    switch defect {
    case .tarnish(let amount):
      metal = mix(metal, SIMD3(0.46, 0.34, 0.22), amount)
    case .scratch(_, _, let brightness):
      metal += brightness * scratch(at: point)
    case .chip, .offCenter, nil:
      break
    }
    return mix(belt, metal, isSteel)
  }

  func isDefective(at point: SIMD2<Float>) -> Bool {
    switch defect {
    case .chip(let center, let radius):
      length(point - center) < radius && steel(at: point) > 0.5
    case .scratch:
      scratch(at: point) * steel(at: point) > 0.2
    case .tarnish:
      steel(at: point) > 0.5
    case .offCenter:
      (length(point - center) < innerRadius)
        != (length(point - holeCenter) < innerRadius)
    case nil:
      false
    }
  }

  private var holeCenter: SIMD2<Float> {
    if case .offCenter(let offset) = defect { center + offset } else { center }
  }

  private func steel(at point: SIMD2<Float>) -> Float {
    smoothStep(-0.7, 0.7, outerRadius - length(point - center))
      * smoothStep(-0.7, 0.7, length(point - holeCenter) - innerRadius)
  }

  private func scratch(at point: SIMD2<Float>) -> Float {
    guard case .scratch(let start, let end, _) = defect else { return 0 }
    let along = end - start
    let position = ((point - start) * along).sum() / (along * along).sum()
    let nearest = start + along * min(max(position, 0), 1)
    return 1 - smoothStep(0.6, 1.4, length(point - nearest))
  }
}
