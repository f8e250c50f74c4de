extension Parallel {
  /// What `add` puts into `length` sums for every block of indices below
  /// `count`: each block by itself, then the blocks in their order.
  ///
  /// Blocks are fixed by the caller, so that neither the number of threads nor
  /// how the work is spread changes a bit of the result. Blocks are added up a
  /// few at a time, which keeps the memory at a fixed number of partial sums.
  package static func orderedSum<Number: Numeric & BitwiseCopyable, Failure>(
    _ count: Int, blockSize: Int, length: Int,
    add: (Range<Int>, inout [Number]) throws(Failure) -> Void
  ) throws(Failure) -> [Number] {
    var total = [Number](repeating: 0, count: length)
    let blocks = blocks(count, size: blockSize)
    for wave in Parallel.blocks(blocks.count, size: blocksPerWave) {
      let parts = try map(wave.count) { index throws(Failure) in
        var part = [Number](repeating: 0, count: length)
        try add(blocks[wave.lowerBound + index], &part)
        return part
      }
      for part in parts {
        for index in 0..<length { total[index] += part[index] }
      }
    }
    return total
  }

  /// Enough to keep any number of threads busy.
  private static let blocksPerWave = 64
}
