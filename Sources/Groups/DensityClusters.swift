import Detectors
import Execution
import LinearAlgebra

/// Clusters of points where these lie dense, as many as there are: HDBSCAN
/// (Campello, Moulavi and Sander 2013) with the clusters of most excess of
/// mass, one for all points if that is the best.
///
/// Two points are as far apart as the largest of their distance and the
/// distances of either to its fifth neighbour. Joined by growing distance they
/// make a tree of clusters; of these the most stable are kept that do not lie in
/// each other.
struct DensityClusters {
  /// The cluster of every point, counted from 0 in the order of their first
  /// points; nil for points that lie in none.
  let labels: [Int?]

  /// The neighbour whose distance tells how dense a place is.
  private static let neighbor = 5

  /// - Parameters:
  ///   - points: One a row.
  ///   - smallest: The fewest points of a cluster, 2 or more.
  init(of points: Matrix, smallest: Int, in context: RunContext) throws {
    let edges = try Self.spanningTree(of: points, in: context)
    var tree = ClusterTree(edges, count: points.rows, smallest: smallest)
    labels = tree.mostStable()
  }

  /// Two points and how far they are apart.
  fileprivate struct Edge {
    var from: Int
    var to: Int
    var length: Double
  }

  /// The shortest edges that connect all points (Prim 1957), shortest first.
  private static func spanningTree(
    of points: Matrix, in context: RunContext
  ) throws -> [Edge] {
    let count = points.rows
    guard count > 1 else { return [] }
    let neighbor = min(Self.neighbor, count - 1)
    let neighbors = try NeighborSearch(in: points, count: neighbor)
      .neighborsOfRows(stage: "grouping", in: context)
    let reach = (1...count).map { neighbors[$0 * neighbor - 1].distance }
    // Copies of one point are no denser than that.
    let floor = max(
      reach.sorted()[count / 2] / 100, .leastNormalMagnitude.squareRoot())
    var nearest = [Edge](
      repeating: Edge(from: 0, to: 0, length: .infinity), count: count)
    var isOutside = [Bool](repeating: true, count: count)
    var edges: [Edge] = []
    var last = 0
    for _ in 1..<count {
      try context.cancellation.check()
      isOutside[last] = false
      var next: Int?
      for point in 0..<count where isOutside[point] {
        let length = max(
          points.distance(last, point), reach[last], reach[point], floor)
        if length < nearest[point].length {
          nearest[point] = Edge(from: last, to: point, length: length)
        }
        if next.map({ nearest[point].length < nearest[$0].length }) ?? true {
          next = point
        }
      }
      guard let next else { break }
      edges.append(nearest[next])
      last = next
    }
    return edges.enumerated().sorted {
      ($0.element.length, $0.offset) < ($1.element.length, $1.offset)
    }.map(\.element)
  }
}

extension Matrix {
  /// The Euclidean distance of two rows.
  fileprivate func distance(_ row: Int, _ other: Int) -> Double {
    values.withUnsafeBufferPointer { values in
      var sum: Float = 0
      for column in 0..<columns {
        let difference =
          values[row * columns + column] - values[other * columns + column]
        sum += difference * difference
      }
      return Double(sum).squareRoot()
    }
  }
}

/// How clusters come apart as points are asked to lie denser.
private struct ClusterTree {
  private struct Cluster {
    var parent: Int?
    /// The density, one over a length, at which it came apart from its parent.
    var birth: Double
    /// Over its points: how much denser they lie when they leave it.
    var stability = 0.0
    var isKept = false
  }

  /// Every parent before its children.
  private var clusters: [Cluster] = []
  /// The last cluster that every point was in.
  private var last: [Int]

  /// - Parameter edges: A spanning tree, shortest first.
  init(_ edges: [DensityClusters.Edge], count: Int, smallest: Int) {
    last = [Int](repeating: 0, count: count)
    clusters = [Cluster(parent: nil, birth: 0)]
    let joins = Joins(edges, count: count)
    // Nodes that are yet to come apart, with the cluster that they are in.
    var open = [(node: joins.root, cluster: 0)]
    while let (node, cluster) = open.popLast() {
      guard let join = joins[node] else {
        last[node] = cluster
        continue
      }
      let density = 1 / join.length
      let parts = [join.first, join.second]
      if parts.allSatisfy({ joins.size(of: $0) >= smallest }) {
        for part in parts {
          leave(cluster, joins.size(of: part), at: density)
          clusters.append(Cluster(parent: cluster, birth: density))
          open.append((part, clusters.count - 1))
        }
      } else {
        for part in parts {
          if joins.size(of: part) >= smallest {
            open.append((part, cluster))
          } else {
            leave(cluster, joins.size(of: part), at: density)
            for point in joins.points(of: part) { last[point] = cluster }
          }
        }
      }
    }
  }

  private mutating func leave(_ cluster: Int, _ count: Int, at density: Double)
  {
    clusters[cluster].stability +=
      Double(count) * (density - clusters[cluster].birth)
  }

  /// The cluster of every point among the most stable that do not lie in each
  /// other, counted in the order of their first points.
  mutating func mostStable() -> [Int?] {
    var below = [Double](repeating: 0, count: clusters.count)
    for index in clusters.indices.reversed() {
      clusters[index].isKept = clusters[index].stability >= below[index]
      if let parent = clusters[index].parent {
        below[parent] += max(clusters[index].stability, below[index])
      }
    }
    var home = [Int?](repeating: nil, count: clusters.count)
    for index in clusters.indices {
      home[index] =
        clusters[index].parent.flatMap { home[$0] }
        ?? (clusters[index].isKept ? index : nil)
    }
    var numbers: [Int: Int] = [:]
    return last.map { cluster in
      home[cluster].map { home in
        let number = numbers[home] ?? numbers.count
        numbers[home] = number
        return number
      }
    }
  }
}

/// Points joined by growing distance, two sets at a time: nodes below `count`
/// are points, each further one is the join of two before it.
private struct Joins {
  struct Join {
    var first: Int
    var second: Int
    var length: Double
  }

  private let count: Int
  private var joins: [Join] = []
  private var sizes: [Int]

  init(_ edges: [DensityClusters.Edge], count: Int) {
    self.count = count
    sizes = [Int](repeating: 1, count: count)
    var parents = Array(0..<count)
    func top(of node: Int) -> Int {
      var node = node
      while parents[node] != node {
        parents[node] = parents[parents[node]]
        node = parents[node]
      }
      return node
    }
    for edge in edges {
      let (first, second) = (top(of: edge.from), top(of: edge.to))
      let node = parents.count
      parents.append(node)
      parents[first] = node
      parents[second] = node
      sizes.append(sizes[first] + sizes[second])
      joins.append(Join(first: first, second: second, length: edge.length))
    }
  }

  var root: Int { sizes.count - 1 }

  /// Nil for a point.
  subscript(node: Int) -> Join? { node < count ? nil : joins[node - count] }

  func size(of node: Int) -> Int { sizes[node] }

  func points(of node: Int) -> [Int] {
    var points: [Int] = []
    var open = [node]
    while let node = open.popLast() {
      if let join = self[node] {
        open += [join.first, join.second]
      } else {
        points.append(node)
      }
    }
    return points
  }
}
