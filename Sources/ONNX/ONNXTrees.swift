/// Trees of cuts at one feature each, whose leaves add up to a number a row.
package struct ONNXTrees {
  private var trees: [Int] = []
  private var nodes: [Int] = []
  private var features: [Int] = []
  private var modes: [String] = []
  private var thresholds: [Float] = []
  private var lower: [Int] = []
  private var higher: [Int] = []
  private var leafTrees: [Int] = []
  private var leafNodes: [Int] = []
  private var weights: [Float] = []
  private var count = 0
  private var nextNode = 0

  package init() {}

  /// A tree: `cut` gives the cut of a place and the places of the samples that
  /// are at most there, and above; nil for a leaf, which is what `weight`
  /// tells.
  package mutating func add<Place>(
    root: Place,
    cut: (Place) -> (feature: Int, threshold: Float, Place, Place)?,
    weight: (Place) -> Float
  ) {
    nextNode = 0
    if cut(root) == nil {
      // A root must cut.
      _ = branch(feature: 0, threshold: 0) { trees in
        (trees.leaf(weight(root)), trees.leaf(weight(root)))
      }
    } else {
      _ = grow(root, cut, weight)
    }
    count += 1
  }

  /// A function of one feature that is constant between steps: `values[i]` above
  /// `i` of the rising `thresholds`.
  ///
  /// - Precondition: one value more than thresholds.
  package mutating func addSteps(
    feature: Int, thresholds: [Float], values: [Float]
  ) {
    precondition(values.count == thresholds.count + 1)
    add(
      root: 0..<thresholds.count,
      cut: { range in
        guard !range.isEmpty else { return nil }
        let middle = (range.lowerBound + range.upperBound) / 2
        return (
          feature, thresholds[middle], range.lowerBound..<middle,
          middle + 1..<range.upperBound
        )
      }, weight: { values[$0.lowerBound] })
  }

  private mutating func grow<Place>(
    _ place: Place,
    _ cut: (Place) -> (feature: Int, threshold: Float, Place, Place)?,
    _ weight: (Place) -> Float
  ) -> Int {
    guard let (feature, threshold, below, above) = cut(place) else {
      return leaf(weight(place))
    }
    return branch(feature: feature, threshold: threshold) { trees in
      (
        trees.grow(below, cut, weight),
        trees.grow(above, cut, weight)
      )
    }
  }

  private mutating func branch(
    feature: Int, threshold: Float,
    _ children: (inout ONNXTrees) -> (below: Int, above: Int)
  ) -> Int {
    let (place, node) = (nodes.count, nextNode)
    append(node, feature: feature, threshold: threshold, mode: "BRANCH_LEQ")
    (lower[place], higher[place]) = children(&self)
    return node
  }

  private mutating func leaf(_ weight: Float) -> Int {
    let node = nextNode
    append(node, feature: 0, threshold: 0, mode: "LEAF")
    leafTrees.append(count)
    leafNodes.append(node)
    weights.append(weight)
    return node
  }

  private mutating func append(
    _ node: Int, feature: Int, threshold: Float, mode: String
  ) {
    trees.append(count)
    nodes.append(node)
    features.append(feature)
    thresholds.append(threshold)
    modes.append(mode)
    lower.append(0)
    higher.append(0)
    nextNode += 1
  }

  /// The sum of the leaves that every row of samples in single precision comes
  /// to: one number a row, in double precision.
  ///
  /// Each tree gives a number of its own: runtimes add trees up in an order that
  /// hangs on the number of rows.
  package func sums(
    of samples: ONNXGraph.Value, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let leaves = graph(
      "TreeEnsembleRegressor", samples,
      attributes: [
        "n_targets": .integer(count), "aggregate_function": "SUM",
        "nodes_treeids": .integers(trees), "nodes_nodeids": .integers(nodes),
        "nodes_featureids": .integers(features), "nodes_modes": .texts(modes),
        "nodes_values": .numbers(thresholds),
        "nodes_truenodeids": .integers(lower),
        "nodes_falsenodeids": .integers(higher),
        "target_treeids": .integers(leafTrees),
        "target_nodeids": .integers(leafNodes),
        "target_ids": .integers(leafTrees),
        "target_weights": .numbers(weights),
      ], domain: ONNXGraph.classicalDomain)
    return graph(
      "ReduceSum", graph.doubles(leaves), graph.constant([1]),
      attributes: ["keepdims": 0])
  }
}
