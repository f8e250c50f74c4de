import LinearAlgebra

/// How many values of a sorted row lie on either side of another.
struct SortedSearch {
  /// Rows of rising values.
  private let sorted: Matrix
  /// Every `step`-th value of each row: few enough to stay in a cache.
  private let guides: Matrix

  private static let step = 64

  init(_ sorted: Matrix) {
    self.sorted = sorted
    let places = stride(from: 0, to: sorted.columns, by: Self.step)
    guides = Matrix(
      rows: sorted.rows, columns: Array(places).count,
      values: (0..<sorted.rows).flatMap { row in
        places.map { sorted[row, $0] }
      })
  }

  /// The shares of the values of a row that are at most, and at least, `value`.
  ///
  /// Where there are none, the share that it would have if it were there too.
  @inline(__always)
  func tails(of value: Float, column: Int) -> (left: Double, right: Double) {
    let count = sorted.columns
    return sorted.values.withUnsafeBufferPointer { values in
      guides.values.withUnsafeBufferPointer { guides in
        guard let values = values.baseAddress, let guides = guides.baseAddress
        else { return (1, 1) }
        let row = values + column * count
        let guide = guides + column * self.guides.columns
        let below = place(row, guide) { $0 < value }
        var through = below
        if through < count, row[through] == value {
          through += 1
          if through < count, row[through] == value {
            through = place(row, guide) { $0 <= value }
          }
        }
        let alone = 1 / Double(count + 1)
        return (
          through > 0 ? Double(through) / Double(count) : alone,
          below < count ? Double(count - below) / Double(count) : alone
        )
      }
    }
  }

  /// How many values, all of them in front, are `before`.
  @inline(__always)
  private func place(
    _ row: UnsafePointer<Float>, _ guide: UnsafePointer<Float>,
    _ before: (Float) -> Bool
  ) -> Int {
    let stretch = count(guide, guides.columns, before)
    guard stretch > 0 else { return 0 }
    let start = (stretch - 1) * Self.step
    return start
      + count(
        row + start, min(Self.step, sorted.columns - start), before)
  }

  /// The same of some values, one or more, by halving without branches.
  @inline(__always)
  private func count(
    _ values: UnsafePointer<Float>, _ count: Int, _ before: (Float) -> Bool
  ) -> Int {
    var (start, rest) = (0, count)
    while rest > 1 {
      let half = rest / 2
      start += before(values[start + half - 1]) ? half : 0
      rest -= half
    }
    return start + (before(values[start]) ? 1 : 0)
  }
}

extension Matrix {
  /// Writes one column.
  func copy(column: Int, to target: UnsafeMutableBufferPointer<Float>) {
    values.withUnsafeBufferPointer { values in
      for row in 0..<rows {
        target.initializeElement(
          at: row, to: values[row * columns + column])
      }
    }
  }

  /// Whether no value is smaller than the one before it in its row.
  var areRowsRising: Bool {
    (0..<rows).allSatisfy { row in
      zip(self.row(row), self.row(row).dropFirst()).allSatisfy { $0 <= $1 }
    }
  }
}

/// Sorts finite values.
///
/// Many by their bits, eleven at a time from the lowest: those of a negative
/// number are turned round, so that they sort as the numbers do.
func sort(_ values: UnsafeMutableBufferPointer<Float>) {
  guard values.count > 4096 else {
    var values = values
    return values.sort()
  }
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * values.count) {
    scratch in
    guard var source = scratch.baseAddress else { return }
    var target = source + values.count
    for (index, value) in values.enumerated() {
      let bits = value.bitPattern
      source[index] = bits ^ (bits >> 31 == 1 ? .max : 1 << 31)
    }
    for shift: UInt32 in [0, 11, 22] {
      var places = [Int](repeating: 0, count: 1 << 11)
      for index in 0..<values.count {
        places[Int(source[index] >> shift & 0x7ff)] += 1
      }
      var sum = 0
      for digit in places.indices {
        (places[digit], sum) = (sum, sum + places[digit])
      }
      for index in 0..<values.count {
        let digit = Int(source[index] >> shift & 0x7ff)
        target[places[digit]] = source[index]
        places[digit] += 1
      }
      swap(&source, &target)
    }
    for index in values.indices {
      let bits = source[index]
      values[index] = Float(
        bitPattern: bits ^ (bits >> 31 == 1 ? 1 << 31 : .max))
    }
  }
}
