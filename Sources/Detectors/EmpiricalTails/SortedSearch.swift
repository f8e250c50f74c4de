import LinearAlgebra

/// How many values of a sorted row lie on either side of another.
struct SortedSearch {
  /// Rows of rising values.
  private let sorted: Matrix
  /// Every `step`-th value of each row: few enough to stay in a cache.
  private let guides: Matrix

  private static let step = 16

  init(_ sorted: Matrix) {
    self.sorted = sorted
    let places = stride(from: 0, to: sorted.columns, by: Self.step)
    guides = Matrix(
      rows: sorted.rows, columns: Array(places).count,
      values: (0..<sorted.rows).flatMap { row in
        places.map { sorted[row, $0] }
      })
  }

  /// Hands over, for a column of some samples, the shares of the values of the
  /// row of that number that are at most, and at least, that of the sample.
  ///
  /// Where there are none, the share that it would have if it were there too.
  /// All samples are brought to a short stretch of the row, and a value of it
  /// is read, before the first is looked for there: the reads of far memory
  /// overlap.
  @inline(__always)
  func forEachTails(
    of column: Int, in samples: Matrix, rows: Range<Int>,
    _ body: (Int, (left: Double, right: Double)) -> Void
  ) {
    let count = sorted.columns
    let stretches = [(start: Int, first: Float)](
      unsafeUninitializedCapacity: rows.count
    ) { stretches, initialized in
      for (place, row) in rows.enumerated() {
        let start = stretch(of: samples[row, column], column: column)
        stretches.initializeElement(
          at: place, to: (start, sorted.values[column * count + start]))
      }
      initialized = rows.count
    }
    let alone = 1 / Double(count + 1)
    sorted.values.withUnsafeBufferPointer { values in
      guard let row = values.baseAddress.map({ $0 + column * count }) else {
        return
      }
      for (place, sample) in rows.enumerated() {
        let value = samples[sample, column]
        let (start, first) = stretches[place]
        let width = min(Self.step, count - start)
        let below =
          first < value
          ? start + self.count(row + start, width) { $0 < value } : start
        var through = below
        if through < count, row[through] == value {
          through += 1
          if through < count, row[through] == value {
            through += self.count(row + through, count - through) {
              $0 <= value
            }
          }
        }
        body(
          place,
          (
            through > 0 ? Double(through) / Double(count) : alone,
            below < count ? Double(count - below) / Double(count) : alone
          ))
      }
    }
  }

  /// Where the stretch of a row begins in which values cease to be less.
  @inline(__always)
  private func stretch(of value: Float, column: Int) -> Int {
    guides.values.withUnsafeBufferPointer { values in
      guard let guide = values.baseAddress.map({ $0 + column * guides.columns })
      else { return 0 }
      return max(0, count(guide, guides.columns) { $0 < value } - 1) * Self.step
    }
  }

  /// How many of some values, one or more, are `before`, all of them in front.
  @inline(__always)
  private func count(
    _ values: UnsafePointer<Float>, _ count: Int, before: (Float) -> Bool
  ) -> Int {
    var (start, rest) = (0, count)
    while rest > 1 {
      let half = rest / 2
      start &+= before(values[start &+ half &- 1]) ? half : 0
      rest &-= half
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
