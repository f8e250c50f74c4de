import Execution
import LinearAlgebra

/// How many values of a sorted row lie on either side of another.
///
/// The range of a row is cut into stretches of equal width, as many as an eighth
/// of the values: a value is looked for in its own alone, which in most rows is
/// short.
struct SortedSearch: Sendable {
  /// Rows of rising values.
  let sorted: Matrix
  /// Stretches of a unit, row by row.
  private let scales: [Double]
  /// Where each stretch of a row begins, and the last ends, row after row.
  private let starts: [UInt32]

  private var stretches: Int { max(1, sorted.columns / 8) }

  init(_ sorted: Matrix) {
    self.sorted = sorted
    let stretches = max(1, sorted.columns / 8)
    let scales = (0..<sorted.rows).map { row in
      let width =
        Double(sorted[row, sorted.columns - 1]) - Double(sorted[row, 0])
      return width > 0 ? Double(stretches) / width : 0
    }
    self.scales = scales
    starts = Parallel.fill(
      sorted.rows * (stretches + 1), blockSize: stretches + 1
    ) { range, starts in
      let row = range.lowerBound / (stretches + 1)
      let values = sorted.row(row)
      let least = values[values.startIndex]
      var next = 0
      for (place, value) in values.enumerated() {
        let own = stretch(
          of: value, least: least, scale: scales[row], count: stretches)
        while next <= own {
          starts.initializeElement(at: next, to: UInt32(place))
          next += 1
        }
      }
      starts[next...].initialize(repeating: UInt32(values.count))
    }
  }

  /// Hands over, for a column of some samples, the shares of the values of the
  /// row of that number that are at most, and at least, that of the sample.
  ///
  /// Where there are none, the share that it would have if it were there too.
  /// Many samples are handed over in the order of their values: what is read
  /// then lies close together.
  @inline(__always)
  func forEachTails(
    of column: Int, in samples: Matrix, rows: Range<Int>,
    _ body: (Int, (left: Double, right: Double)) -> Void
  ) {
    let (count, stretches) = (sorted.columns, stretches)
    let (alone, unit) = (1 / Double(count + 1), 1 / Double(count))
    withUnsafeTemporaryAllocation(
      of: UInt64.self, capacity: 2 * rows.count
    ) { scratch in
      guard let keys = scratch.baseAddress else { return }
      samples.values.withUnsafeBufferPointer { values in
        for place in 0..<rows.count {
          let value =
            values[(rows.lowerBound + place) * sorted.rows + column]
          keys[place] = UInt64(orderedBits(value)) << 32 | UInt64(place)
        }
      }
      if rows.count >= Self.fewestSorted {
        sortByBits(keys, scratch: keys + rows.count, rows.count, from: 32)
      }
      sorted.values.withUnsafeBufferPointer { values in
        starts.withUnsafeBufferPointer { starts in
          guard let row = values.baseAddress.map({ $0 + column * count }),
            let starts = starts.baseAddress.map({
              $0 + column * (stretches + 1)
            })
          else { return }
          let (least, scale) = (row[0], scales[column])
          for index in 0..<rows.count {
            let value = number(ofOrderedBits: UInt32(keys[index] >> 32))
            let own = stretch(
              of: value, least: least, scale: scale, count: stretches)
            let end = Int(starts[own + 1])
            var below = Int(starts[own])
            if below < end {
              below += self.count(row + below, end - below) { $0 < value }
            }
            var through = below
            if through < end, row[through] == value {
              through += 1
              if through < end, row[through] == value {
                through += self.count(row + through, end - through) {
                  $0 <= value
                }
              }
            }
            body(
              Int(keys[index] & 0xffff_ffff),
              (
                through > 0 ? Double(through) * unit : alone,
                below < count ? Double(count - below) * unit : alone
              ))
          }
        }
      }
    }
  }

  /// Samples that are worth sorting.
  private static let fewestSorted = 2048

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

/// The stretch that a value lies in, or is nearest to: it grows with the value.
@inline(__always)
private func stretch(
  of value: Float, least: Float, scale: Double, count: Int
) -> Int {
  let place = (Double(value) - Double(least)) * scale
  return Int(min(max(place, 0), Double(count - 1)))
}

extension Matrix {
  /// Whether no value is smaller than the one before it in its row.
  var areRowsRising: Bool {
    (0..<rows).allSatisfy { row in
      zip(self.row(row), self.row(row).dropFirst()).allSatisfy { $0 <= $1 }
    }
  }

  /// Writes the columns one after the other, `stride` numbers apart, a tile at a
  /// time that stays in a cache.
  func copyColumns(to target: UnsafeMutablePointer<Float>, stride: Int) {
    let tiles = Parallel.blocks(rows, size: 256)
    Parallel.forEach(tiles.count) { index in
      values.withUnsafeBufferPointer { values in
        guard let values = values.baseAddress else { return }
        for tile in Parallel.blocks(columns, size: 16) {
          for column in tile {
            for row in tiles[index] {
              target[column * stride + row] = values[row * columns + column]
            }
          }
        }
      }
    }
  }
}

/// Sorts finite values.
func sort(_ values: UnsafeMutableBufferPointer<Float>) {
  let count = values.count
  guard count > 4096 else {
    var values = values
    return values.sort()
  }
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * count) {
    scratch in
    guard let keys = scratch.baseAddress else { return }
    for index in 0..<count { keys[index] = orderedBits(values[index]) }
    sortByBits(keys, scratch: keys + count, count, from: 0)
    for index in 0..<count {
      values[index] = number(ofOrderedBits: keys[index])
    }
  }
}

/// Bits that sort as the numbers do: those of a negative one are turned round.
@inline(__always)
private func orderedBits(_ number: Float) -> UInt32 {
  let bits = number.bitPattern
  return bits ^ (bits >> 31 == 1 ? .max : 1 << 31)
}

@inline(__always)
private func number(ofOrderedBits bits: UInt32) -> Float {
  Float(bitPattern: bits ^ (bits >> 31 == 1 ? 1 << 31 : .max))
}

/// Sorts keys by 32 of their bits, eleven at a time from the lowest of them.
///
/// - Parameter scratch: Room for as many keys.
@inline(__always)
private func sortByBits<Key: FixedWidthInteger & UnsignedInteger>(
  _ keys: UnsafeMutablePointer<Key>, scratch: UnsafeMutablePointer<Key>,
  _ count: Int, from first: Int
) {
  let (width, size) = (11, 1 << 11)
  @inline(__always)
  func digit(_ key: Key, _ pass: Int) -> Int {
    Int(truncatingIfNeeded: key &>> Key(first + pass * width)) & (size - 1)
  }
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 3 * size) { places in
    guard let places = places.baseAddress else { return }
    places.initialize(repeating: 0, count: 3 * size)
    for index in 0..<count {
      for pass in 0..<3 { places[pass * size + digit(keys[index], pass)] += 1 }
    }
    for pass in 0..<3 {
      var sum: UInt32 = 0
      for place in pass * size..<(pass + 1) * size {
        (places[place], sum) = (sum, sum + places[place])
      }
    }
    var (source, target) = (keys, scratch)
    for pass in 0..<3 {
      let places = places + pass * size
      for index in 0..<count {
        let key = source[index]
        let place = digit(key, pass)
        target[Int(places[place])] = key
        places[place] += 1
      }
      swap(&source, &target)
    }
    keys.update(from: scratch, count: count)
  }
}
