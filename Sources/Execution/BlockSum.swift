/// A number that is added up in order: `Float` or `Double`.
package protocol Summand: AdditiveArithmetic, BitwiseCopyable, Sendable {
  /// sums ← sums + numbers; a requirement so that the loop is compiled for each
  /// type.
  static func add(
    _ numbers: UnsafePointer<Self>, to sums: UnsafeMutablePointer<Self>,
    count: Int)
}

extension Summand {
  package static func add(
    _ numbers: UnsafePointer<Self>, to sums: UnsafeMutablePointer<Self>,
    count: Int
  ) {
    for index in 0..<count { sums[index] += numbers[index] }
  }
}

extension Float: Summand {}
extension Double: Summand {}

/// Numbers that are added up over blocks of work, the same to the bit whoever
/// adds which block: any number of threads and of processes.
///
/// The blocks are the leaves of a binary tree by their numbers: 0 and 1, 2 and 3,
/// then those two pairs, and so on. A block that has nothing to add may be left
/// out.
package struct BlockSum<Number: Summand> {
  /// The sum of the blocks from index · 2^level on, 2^level of them.
  private struct Node {
    var level: Int
    var index: Int
    var numbers: [Number]

    var first: Int { index << level }
  }

  private let length: Int
  private let team: Team
  /// The blocks that this process adds.
  private let share: Range<Int>
  /// In the order of their blocks; none is another's sibling.
  private var nodes: [Node] = []

  /// - Parameters:
  ///   - length: The numbers that every block adds to.
  ///   - share: The blocks that this process adds, those of later ranks behind
  ///     it; all of them unless there are other processes.
  package init(
    length: Int, share: Range<Int> = 0..<Int.max, in team: Team = .alone
  ) {
    self.length = length
    self.share = share
    self.team = team
  }

  /// Adds the numbers of a block behind those that are there.
  package mutating func append(_ numbers: [Number], block: Int) {
    precondition(share.contains(block) && numbers.count == length)
    append(Node(level: 0, index: block, numbers: numbers))
  }

  /// Adds for each of some blocks, in ascending order, what `body` puts into as
  /// many zeros; it is told the place of the block in the list.
  package mutating func append<Failure>(
    blocks: [Int],
    _ body: (Int, UnsafeMutableBufferPointer<Number>) throws(Failure) -> Void
  ) throws(Failure) {
    let count = Parallel.partialSumCount(
      blocks: blocks.count, bytes: length * MemoryLayout<Number>.stride)
    for wave in Parallel.blocks(blocks.count, size: max(1, count)) {
      let parts = try Parallel.map(wave.count) {
        index throws(Failure) -> [Number] in
        var part = [Number](repeating: .zero, count: length)
        try part.withUnsafeMutableBufferPointer { part throws(Failure) in
          try body(wave.lowerBound + index, part)
        }
        return part
      }
      for (place, part) in zip(wave, parts) {
        append(part, block: blocks[place])
      }
    }
  }

  /// The sums over the blocks of all processes.
  package mutating func total() -> [Number] {
    joinNodes(below: end)
    let team = team
    team.collect(&self, send: Self.send) { $0.receive(from: $1) }
    joinNodes(below: .max)
    var total =
      nodes.first?.numbers ?? [Number](repeating: .zero, count: length)
    team.spread(&total)
    return total
  }

  private mutating func append(_ node: Node) {
    joinNodes(below: node.first)
    nodes.append(node)
  }

  /// Joins the last nodes as long as all that belongs into the subtree of both
  /// is in them, once the blocks below `end` are there.
  private mutating func joinNodes(below end: Int) {
    while let right = nodes.last, nodes.count > 1 {
      let left = nodes[nodes.count - 2]
      let level =
        Int.bitWidth - (left.first ^ right.first).leadingZeroBitCount
      let index = left.first >> level
      guard index << level >= share.lowerBound, (index + 1) << level <= end
      else { return }
      nodes.removeLast()
      add(right.numbers, to: nodes.count - 1)
      nodes[nodes.count - 1].level = level
      nodes[nodes.count - 1].index = index
    }
  }

  private mutating func add(_ numbers: [Number], to node: Int) {
    let stretches = Parallel.blocks(length, size: 8192)
    numbers.withUnsafeBufferPointer { numbers in
      nodes[node].numbers.withUnsafeMutableBufferPointer { sums in
        guard let numbers = numbers.baseAddress, let sums = sums.baseAddress
        else { return }
        Parallel.forEach(stretches.count) { index in
          let start = stretches[index].lowerBound
          Number.add(
            numbers + start, to: sums + start, count: stretches[index].count)
        }
      }
    }
  }

  /// Where the blocks of the next process begin.
  private var end: Int {
    team.rank == team.size - 1 ? .max : share.upperBound
  }

  private static func send(_ sum: BlockSum, to rank: Int) {
    sum.team.send(
      [sum.end] + sum.nodes.flatMap { [$0.level, $0.index] },
      to: rank)
    for node in sum.nodes { sum.team.send(node.numbers, to: rank) }
  }

  private mutating func receive(from rank: Int) {
    let places: [Int] = team.receive(from: rank)
    for place in stride(from: 1, to: places.count, by: 2) {
      append(
        Node(
          level: places[place], index: places[place + 1],
          numbers: team.receive(from: rank)))
    }
    joinNodes(below: places[0])
  }
}

extension Parallel {
  /// What `add` puts into `length` sums for every block of indices below
  /// `count`, as a `BlockSum`.
  ///
  /// Blocks are fixed by the caller, so that neither the number of threads nor
  /// how the work is spread changes a bit of the result.
  package static func orderedSum<Number: Summand, Failure>(
    _ count: Int, blockSize: Int, length: Int,
    add: (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(Failure) ->
      Void
  ) throws(Failure) -> [Number] {
    let blocks = blocks(count, size: blockSize)
    var sum = BlockSum<Number>(length: length)
    try sum.append(blocks: Array(blocks.indices)) {
      index, sums throws(Failure) in
      try add(blocks[index], sums)
    }
    return sum.total()
  }

  /// How many partial sums of so many bytes each there are at a time: enough to
  /// keep any number of threads busy, in at most 64 MiB or, where that is less
  /// than two, two.
  package static func partialSumCount(blocks: Int, bytes: Int) -> Int {
    min(blocks, 64, max(2, 64 << 20 / max(bytes, 1)))
  }
}
