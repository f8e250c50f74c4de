import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra

/// A made-up inspection dataset in the layout of MVTec AD.
///
/// Three products (`weave`, `washer`, `bolt`), each with ordinary and
/// defective samples under uneven light, shift and camera noise, and the masks
/// of the defects. The seed determines every pixel.
package struct SyntheticInspection: Sendable {
  /// Smaller and stranger defects, more shift, light and noise, and dirt.
  package var isHard: Bool
  package var seed: UInt64
  /// Ordinary training images of each category.
  package var trainCount: Int
  /// Ordinary test images of each category.
  package var goodCount: Int
  /// Defective test images of each kind of defect.
  package var defectCount: Int

  package init(
    isHard: Bool = false, seed: UInt64 = 7, trainCount: Int = 80,
    goodCount: Int = 24, defectCount: Int = 12
  ) {
    self.isHard = isHard
    self.seed = seed
    self.trainCount = trainCount
    self.goodCount = goodCount
    self.defectCount = defectCount
  }

  private static let scenes: [any InspectionScene.Type] = [
    Bolt.self, Washer.self, Weave.self,
  ]

  /// One image to be drawn and where it goes.
  private struct Order {
    var scene: any InspectionScene.Type
    var defect: String?
    var image: URL
    var mask: URL?
  }

  /// Draws the dataset into a folder that does not exist yet or is empty.
  ///
  /// - Throws: `FileFault.unwritable`, `CancellationError`.
  package func write(
    to root: URL, in context: RunContext = RunContext()
  ) throws {
    try context.withThreads {
      try WholeFolder.write(to: root) { try draw(into: $0, in: context) }
    }
  }

  private func draw(into root: URL, in context: RunContext) throws {
    let orders = Self.scenes.flatMap { list(for: $0, in: root) }
    let folders = Set(
      orders.flatMap { [$0.image, $0.mask] }.compactMap {
        $0?.deletingLastPathComponent()
      })
    for folder in folders {
      try OutputFolder.create(folder)
    }
    let blocks = Parallel.blocks(orders.count, size: 20)
    for block in blocks {
      try context.cancellation.check()
      _ = try Parallel.map(block.count) {
        try draw(orders[block.lowerBound + $0], stream: block.lowerBound + $0)
      }
      context.progress.report(
        ProgressReport(
          stage: "drawing images", completed: block.upperBound,
          total: orders.count))
    }
  }

  private func list(
    for scene: any InspectionScene.Type, in root: URL
  ) -> [Order] {
    let folder = root.appendingPathComponent(scene.name)
    func series(_ split: String, defect: String?, count: Int) -> [Order] {
      let kind = defect ?? "good"
      return (0..<count).map { index in
        let name = String(format: "%03d", index)
        return Order(
          scene: scene, defect: defect,
          image: folder.appendingPathComponent("\(split)/\(kind)/\(name).png"),
          mask: defect == nil
            ? nil
            : folder.appendingPathComponent(
              "ground_truth/\(kind)/\(name)_mask.png"))
      }
    }
    return series("train", defect: nil, count: trainCount)
      + series("test", defect: nil, count: goodCount)
      + (scene.defects + (isHard ? [scene.strangeDefect] : [])).flatMap {
        series("test", defect: $0, count: defectCount)
      }
  }

  private func draw(_ order: Order, stream: Int) throws {
    var generator = SeededGenerator(seed: seed, stream: UInt64(stream))
    let difficulty: SceneDifficulty = isHard ? .hard : .usual
    let scene = order.scene.init(
      defect: order.defect, difficulty: difficulty, using: &generator)
    let (image, mask) = scene.photograph(difficulty, using: &generator)
    try PNG.write(image, to: order.image)
    if let url = order.mask {
      try PNG.write(mask, to: url)
    }
  }
}
