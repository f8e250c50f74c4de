import Execution
import Foundation
import LinearAlgebra

/// A bolt on a green belt, lying at any angle.
struct Bolt: InspectionScene {
  static let name = "bolt"
  static let channels = 3
  static let defects = ["bent", "paint", "worn-thread"]
  static let strangeDefect = "wrong-pitch"

  private let center: SIMD2<Float>
  private let direction: SIMD2<Float>
  private let seed: UInt32
  private let defect: Defect?

  private let headHalf = SIMD2<Float>(15, 8)
  private let shaftHalfWidth: Float = 7
  /// Along the bolt's axis, in pixels from its middle.
  private let headStart: Float = -44
  private let shaftEnd: Float = 44

  private enum Defect {
    /// The shaft leaves its axis by this many pixels at the tip.
    case bent(Float)
    /// On the bolt and the belt; in the bolt's own coordinates.
    case paint(Blotch)
    /// The thread is gone between two places of the axis.
    case wornThread(ClosedRange<Float>)
    /// The turns of the thread are as many pixels apart.
    case wrongPitch(Float)
  }

  init(
    defect: String?, difficulty: SceneDifficulty,
    using generator: inout SeededGenerator
  ) {
    let size = difficulty.defectSize
    center = 64 + generator.point(in: -difficulty.shift...difficulty.shift)
    let angle = generator.number(in: 0...(2 * .pi))
    direction = SIMD2(cos(angle), sin(angle))
    seed = UInt32(truncatingIfNeeded: generator.next())
    switch defect {
    case "bent":
      let side: Float = generator.uniform() < 0.5 ? -1 : 1
      self.defect = .bent(size * side * generator.number(in: 14...24))
    case "paint":
      self.defect = .paint(
        Blotch(
          center: SIMD2(
            generator.number(in: -12...12), generator.number(in: -30...36)),
          radius: size * generator.number(in: 10...17), seed: seed &+ 7))
    case "worn-thread":
      let start = generator.number(in: -16...8)
      self.defect = .wornThread(
        start...(start + size * generator.number(in: 22...34)))
    case "wrong-pitch":
      self.defect = .wrongPitch(generator.number(in: 5.6...6.4))
    default:
      self.defect = nil
    }
  }

  /// The point in the bolt's own coordinates: across and along its axis.
  private func local(_ point: SIMD2<Float>) -> SIMD2<Float> {
    let offset = point - center
    var across = offset.x * direction.y - offset.y * direction.x
    let along = (offset * direction).sum()
    if case .bent(let displacement) = defect {
      let position = max(along - headStart, 0) / (shaftEnd - headStart)
      across -= displacement * position * position
    }
    return SIMD2(across, along)
  }

  func color(at point: SIMD2<Float>) -> SIMD3<Float> {
    let grain = smoothNoise(point / 3, seed: seed) - 0.5
    let belt = SIMD3<Float>(0.16, 0.27, 0.20) * (1 + 0.2 * grain)
    let local = local(point)
    let isShaft = shaft(at: local)
    let isHead = head(at: local)
    let across = local.x / (shaftHalfWidth + 1)
    let roundness = 1 - across * across
    var shade = 0.30 + 0.36 * max(roundness, 0)
    if isThreaded(local.y) {
      shade += 0.16 * ripple(local)
    }
    let facet: Float = abs(local.x) < 7 ? 0.62 : 0.46
    var metal = SIMD3<Float>(0.98, 0.97, 0.94) * (isHead > 0.5 ? facet : shade)
    metal *= 1 + 0.06 * grain
    let color = mix(belt, metal, max(isShaft, isHead))
    guard case .paint(let blotch) = defect else { return color }
    return mix(
      color, SIMD3(0.74, 0.55, 0.16) * (1 + 0.2 * grain),
      0.9 * blotch.coverage(at: local))
  }

  func isDefective(at point: SIMD2<Float>) -> Bool {
    let local = local(point)
    switch defect {
    case .bent:
      return local.y > 0 && shaft(at: local) > 0.5
    case .paint(let blotch):
      return blotch.coverage(at: local) > 0.3
    case .wornThread(let range):
      return range.contains(local.y) && shaft(at: local) > 0.5
    case .wrongPitch:
      return isThreaded(local.y) && shaft(at: local) > 0.5
    case nil:
      return false
    }
  }

  private func isThreaded(_ along: Float) -> Bool {
    if case .wornThread(let range) = defect, range.contains(along) {
      return false
    }
    return along > -20
  }

  /// The slanted turns of the thread, -1...1, a triangle wave of 5 pixels.
  private func ripple(_ local: SIMD2<Float>) -> Float {
    var pitch: Float = 5
    if case .wrongPitch(let wrong) = defect { pitch = wrong }
    let phase = (local.y + 0.25 * local.x) / pitch
    return 4 * abs(phase - phase.rounded(.down) - 0.5) - 1
  }

  private func shaft(at local: SIMD2<Float>) -> Float {
    let halfWidth =
      shaftHalfWidth + (isThreaded(local.y) ? 0.8 * ripple(local) : -0.8)
    return smoothStep(-0.7, 0.7, halfWidth - abs(local.x))
      * smoothStep(-0.7, 0.7, shaftEnd - local.y)
      * smoothStep(-0.7, 0.7, local.y - headStart)
  }

  private func head(at local: SIMD2<Float>) -> Float {
    let middle = headStart + headHalf.y
    return smoothStep(-0.7, 0.7, headHalf.x - abs(local.x))
      * smoothStep(-0.7, 0.7, headHalf.y - abs(local.y - middle))
  }
}
