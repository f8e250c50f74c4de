import Execution
import Foundation
import LinearAlgebra
import Testing

@testable import Groups

@Suite struct DensityClustersTests {
  /// Numbers from 0 to 1 that look like chance.
  private func number(_ index: Int) -> Double {
    let value = sin(Double(index) * 12.9898) * 43758.5453
    return value - value.rounded(.down)
  }

  /// Four clusters of other widths, and two points far from all.
  private var points: Matrix {
    let centers: [(x: Double, y: Double, width: Double)] = [
      (0, 0, 1), (6, 1, 1), (2, 7, 2), (30, 30, 0.5),
    ]
    return Matrix(
      (0..<120).map { index -> [Float] in
        if index == 5 { return [14, 14] }
        if index == 50 { return [-9, 12] }
        let center = centers[index % 10 == 0 ? index / 10 % 4 : index * 7 % 4]
        let across = number(2 * index + 1) + number(5 * index + 2) - 1
        let up = number(3 * index + 3) + number(7 * index + 4) - 1
        return [
          Float(center.x + center.width * across),
          Float(center.y + center.width * up),
        ]
      })
  }

  /// scikit-learn 1.9.1: `HDBSCAN(min_cluster_size=8, min_samples=6,
  /// allow_single_cluster=True)` on the points in single precision; `min_samples`
  /// counts the point itself.
  @Test("Clusters and lone points are those of scikit-learn")
  func reference() throws {
    let clusters = try DensityClusters(
      of: points, smallest: 8, in: RunContext())
    #expect(
      clusters.labels.map { $0.map(String.init) ?? "." }.joined()
        == "01230.23013301230123212301230113012301230123012301.301230123212301"
        + "230113012301230123012301330123012321230123011301230123")
  }

  @Test("Points of one kind are one cluster, copies of one too")
  func one() throws {
    let rows = points
    let ownKind = (0..<120).filter { $0 % 10 != 0 && $0 % 4 == 0 }
    let alike = try DensityClusters(
      of: rows.selecting(rows: ownKind), smallest: 5, in: RunContext())
    #expect(Set(alike.labels.compactMap(\.self)) == [0])
    let copies = try DensityClusters(
      of: Matrix(
        rows: 30, columns: 2, values: [Float](repeating: 3, count: 60)),
      smallest: 5, in: RunContext())
    #expect(copies.labels == [Int?](repeating: 0, count: 30))
    let single = try DensityClusters(
      of: Matrix([[1, 2]]), smallest: 5, in: RunContext())
    #expect(single.labels.count == 1)
  }
}
