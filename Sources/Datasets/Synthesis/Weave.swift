import Execution
import Foundation
import LinearAlgebra

/// A plain weave seen from above: a fine texture that fills the image.
struct Weave: InspectionScene {
  static let name = "weave"
  static let channels = 1
  static let defects = ["broken-thread", "pull", "stain"]
  static let strangeDefect = "skipped-crossing"

  private let period: Float = 8
  private let shift: SIMD2<Float>
  private let seed: UInt32
  private let defect: Defect?

  private enum Defect {
    /// One warp thread is missing between two weft threads.
    case brokenThread(thread: Int, first: Int, last: Int)
    /// The threads are drawn aside around a point.
    case pull(center: SIMD2<Float>, displacement: SIMD2<Float>, radius: Float)
    case stain(Blotch, darkness: Float)
    /// A warp thread is on the other side of some weft threads.
    case skippedCrossing(thread: Int, first: Int, last: Int)
  }

  init(
    defect: String?, difficulty: SceneDifficulty,
    using generator: inout SeededGenerator
  ) {
    let size = difficulty.defectSize
    let reach = 0.4 * difficulty.shift
    shift = generator.point(in: -reach...reach)
    seed = UInt32(truncatingIfNeeded: generator.next())
    let center = generator.point(in: 28...100)
    switch defect {
    case "broken-thread":
      let first = 1 + generator.integer(below: 6)
      self.defect = .brokenThread(
        thread: 2 + generator.integer(below: 12), first: first,
        last: first + Int(size * Float(4 + generator.integer(below: 4))))
    case "pull":
      let angle = generator.number(in: 0...(2 * .pi))
      self.defect = .pull(
        center: center,
        displacement: SIMD2(cos(angle), sin(angle))
          * (size * generator.number(in: 3...4.2)),
        radius: generator.number(in: 12...18))
    case "stain":
      self.defect = .stain(
        Blotch(
          center: center, radius: size * generator.number(in: 16...32),
          seed: seed &+ 7),
        darkness: generator.number(in: 0.1...0.2))
    case "skipped-crossing":
      let first = 1 + generator.integer(below: 12)
      self.defect = .skippedCrossing(
        thread: 2 + generator.integer(below: 12), first: first,
        last: first + generator.integer(below: 2))
    default:
      self.defect = nil
    }
  }

  func color(at point: SIMD2<Float>) -> SIMD3<Float> {
    var place = point
    if case .pull(let center, let displacement, let radius) = defect {
      let distance = length(point - center) / radius
      place += displacement * (1 - smoothStep(0, 1, distance))
    }
    let waves = SIMD2(
      smoothNoise(point / 48, seed: seed),
      smoothNoise(point / 48, seed: seed &+ 1))
    let cell = (place + shift + 1.2 * (waves - 0.5)) / period
    let floor = cell.rounded(.down)
    let (column, row) = (Int(floor.x), Int(floor.y))
    // The height of each thread over its cross-section.
    let across = 2 * (cell - floor) - 1
    let height = 1 - across * across
    var isWarpAbove = (column + row).isMultiple(of: 2)
    if case .skippedCrossing(let thread, let first, let last) = defect,
      column == thread, first...last ~= row
    {
      isWarpAbove.toggle()
    }
    let shade =
      isWarpAbove
      ? 0.36 + 0.36 * height.x * (0.6 + 0.4 * height.y)
        + 0.06 * latticeNoise(column, 0, seed: seed &+ 2)
      : 0.30 + 0.34 * height.y * (0.6 + 0.4 * height.x)
        + 0.06 * latticeNoise(0, row, seed: seed &+ 3)
    let color = SIMD3<Float>(repeating: shade)
    switch defect {
    case .brokenThread(let thread, let first, let last):
      let isGap = column == thread && first...last ~= row
      return isGap ? color * 0.55 : color
    case .stain(let blotch, let darkness):
      return color * (1 - darkness * blotch.coverage(at: point))
    case .pull, .skippedCrossing, nil:
      return color
    }
  }

  func isDefective(at point: SIMD2<Float>) -> Bool {
    switch defect {
    case .brokenThread(let thread, let first, let last),
      .skippedCrossing(let thread, let first, let last):
      let cell = ((point + shift) / period).rounded(.down)
      return Int(cell.x) == thread && first...last ~= Int(cell.y)
    case .pull(let center, _, let radius):
      return length(point - center) < 0.8 * radius
    case .stain(let blotch, _):
      return blotch.coverage(at: point) > 0.3
    case nil:
      return false
    }
  }
}
