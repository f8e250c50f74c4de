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

extension Parallel {
  /// What `add` puts into `length` sums for every block of indices below
  /// `count`: each block by itself, then the blocks in their order.
  ///
  /// Blocks are fixed by the caller, so that neither the number of threads nor
  /// how the work is spread changes a bit of the result.
  package static func orderedSum<Number: Summand, Failure>(
    _ count: Int, blockSize: Int, length: Int,
    add: (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(Failure) ->
      Void
  ) throws(Failure) -> [Number] {
    var total = [Number](repeating: .zero, count: length)
    try addOrderedSum(
      over: blocks(count, size: blockSize), to: &total, add: add)
    return total
  }

  /// Adds to the numbers of `total` what `add` puts into as many sums for every
  /// block: each block by itself, then the blocks in their order.
  ///
  /// Takes the memory of `partialSumCount` partial sums.
  package static func addOrderedSum<Number: Summand, Failure>(
    over blocks: [Range<Int>], to total: inout [Number],
    add: (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(Failure) ->
      Void
  ) throws(Failure) {
    let length = total.count
    let count = partialSumCount(
      blocks: blocks.count, bytes: length * MemoryLayout<Number>.stride)
    let scratch = UnsafeMutableBufferPointer<Number>.allocate(
      capacity: count * length)
    defer { scratch.deallocate() }
    try total.withUnsafeMutableBufferPointer { total throws(Failure) in
      try addOrderedSum(over: blocks, to: total, scratch: scratch, add: add)
    }
  }

  /// The same with memory of the caller's for partial sums: one or more of
  /// them, as many as there shall be at a time.
  package static func addOrderedSum<Number: Summand, Failure>(
    over blocks: [Range<Int>], to total: UnsafeMutableBufferPointer<Number>,
    scratch: UnsafeMutableBufferPointer<Number>,
    add: (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(Failure) ->
      Void
  ) throws(Failure) {
    let length = total.count
    guard !blocks.isEmpty, length > 0, let first = scratch.baseAddress else {
      return
    }
    for wave in Parallel.blocks(blocks.count, size: scratch.count / length) {
      _ = try map(wave.count) { index throws(Failure) in
        let part = UnsafeMutableBufferPointer(
          start: first + index * length, count: length)
        // All bits zero: the number zero.
        UnsafeMutableRawBufferPointer(part).initializeMemory(
          as: UInt8.self, repeating: 0)
        try add(blocks[wave.lowerBound + index], part)
      }
      addRows(first, count: wave.count, to: total)
    }
  }

  /// total ← total + the rows, each as long and one after the other, in their
  /// order.
  package static func addRows<Number: Summand>(
    _ rows: UnsafePointer<Number>, count: Int,
    to total: UnsafeMutableBufferPointer<Number>
  ) {
    guard let target = total.baseAddress else { return }
    let stretches = blocks(total.count, size: 8192)
    forEach(stretches.count) { index in
      let stretch = stretches[index]
      for row in 0..<count {
        Number.add(
          rows + row * total.count + stretch.lowerBound,
          to: target + stretch.lowerBound, count: stretch.count)
      }
    }
  }

  /// How many partial sums of so many bytes each there are at a time: enough to
  /// keep any number of threads busy, in at most 64 MiB or, where that is less
  /// than two, two.
  package static func partialSumCount(blocks: Int, bytes: Int) -> Int {
    min(blocks, 64, max(2, 64 << 20 / max(bytes, 1)))
  }
}
