/// Undoes the filters of a PNG picture's rows (PNG specification, section 9).
///
/// A pixel needs its left neighbour, so that one row alone cannot be done many
/// pixels at a time. Several rows can: each lane of a vector walks along one
/// row, one pixel behind the lane of the row above, whose last result is its
/// upper neighbour.
struct RowUnfilter {
  /// Every second byte of a step: numbers that sums and differences fit.
  private typealias Lanes = SIMD16<Int16>

  /// Channels side by side, 8 bits each: 1, 3 or 4.
  private let channels: Int
  private let width: Int
  private let rowBytes: Int
  /// Lanes that a row takes: one, or one a channel and one to spare.
  private let lanesEach: Int
  /// Rows that are done together, in two vectors.
  let rowCount: Int

  /// The row above those that are done next, then their results; each with
  /// `margin` bytes behind it.
  private let rows: UnsafeMutableBufferPointer<UInt8>
  private let distance: Int
  /// The bytes of all rows, 32 bytes for each step of the lanes.
  private let staged: UnsafeMutableRawBufferPointer
  /// What results are masked with in each of the first steps, when the lower
  /// rows are not begun, and in all later ones.
  private let masks: [(even: Lanes, odd: Lanes)]

  private static let stepBytes = 32
  /// Bytes behind each row, of the source too, that may be read or written.
  static let margin = 64

  init(width: Int, channels: Int) {
    self.width = width
    self.channels = channels
    rowBytes = width * channels
    lanesEach = channels == 1 ? 1 : 4
    rowCount = Self.stepBytes / lanesEach
    distance = rowBytes + Self.margin
    rows = .allocate(capacity: (rowCount + 1) * distance)
    rows.initialize(repeating: 0)
    staged = .allocate(
      byteCount: (width + rowCount) * Self.stepBytes, alignment: 64)
    staged.initializeMemory(as: UInt8.self, repeating: 0)
    let lanesEach = lanesEach
    masks = (0..<rowCount).map { step in
      let started = lanesEach * (step + 1)
      return Self.lanes { $0 < started ? 255 : 0 }
    }
  }

  /// The lanes of all bytes of a step: the even ones, the odd ones.
  private static func lanes(
    _ value: (Int) -> Int16
  ) -> (even: Lanes, odd: Lanes) {
    var (even, odd) = (Lanes.zero, Lanes.zero)
    for lane in 0..<16 {
      even[lane] = value(2 * lane)
      odd[lane] = value(2 * lane + 1)
    }
    return (even, odd)
  }

  func deallocate() {
    rows.deallocate()
    staged.deallocate()
  }

  /// A row of the last results.
  func row(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = (index + 1) * distance
    return UnsafeBufferPointer(rebasing: rows[start..<start + rowBytes])
  }

  /// Undoes the filters of `count` rows, at most `rowCount`, that follow each
  /// other, each after the byte that names its filter.
  ///
  /// Returns false when a filter is unknown.
  func unfilter(_ source: UnsafePointer<UInt8>, count: Int) -> Bool {
    let filters = (0..<rowCount).map {
      $0 < count ? source[$0 * (rowBytes + 1)] : 0
    }
    guard
      filters.allSatisfy({ $0 <= 4 }), let above = rows.baseAddress,
      let staged = staged.baseAddress
    else { return false }
    for row in 0..<count {
      stage(
        UnsafeRawPointer(source + row * (rowBytes + 1) + 1),
        at: staged + row * (Self.stepBytes + lanesEach))
    }
    let lanes = Self.lanes { Int16(filters[$0 / lanesEach]) }
    walk(
      staged, below: UnsafeRawPointer(above), steps: width + count - 1,
      Filters(lanes.even), Filters(lanes.odd))
    for row in 0..<count {
      unstage(
        staged + row * (Self.stepBytes + lanesEach),
        to: UnsafeMutableRawPointer(above + (row + 1) * distance))
    }
    // The last row is above the next ones.
    above.update(from: above + count * distance, count: rowBytes)
    return true
  }

  /// Copies a row to where its lane finds a pixel at each step.
  private func stage(
    _ row: UnsafeRawPointer, at target: UnsafeMutableRawPointer
  ) {
    if channels == 1 {
      for x in 0..<width {
        target.storeBytes(
          of: row.load(fromByteOffset: x, as: UInt8.self),
          toByteOffset: x &* Self.stepBytes, as: UInt8.self)
      }
    } else {
      for x in 0..<width {
        target.storeBytes(
          of: row.loadUnaligned(
            fromByteOffset: x &* channels, as: UInt32.self),
          toByteOffset: x &* Self.stepBytes, as: UInt32.self)
      }
    }
  }

  /// Copies the results of a lane to their row.
  private func unstage(
    _ results: UnsafeMutableRawPointer, to row: UnsafeMutableRawPointer
  ) {
    if channels == 1 {
      for x in 0..<width {
        row.storeBytes(
          of: results.load(
            fromByteOffset: x &* Self.stepBytes, as: UInt8.self),
          toByteOffset: x, as: UInt8.self)
      }
    } else {
      // The fourth byte of three is written over by the next pixel.
      for x in 0..<width {
        row.storeBytes(
          of: results.load(
            fromByteOffset: x &* Self.stepBytes, as: UInt32.self),
          toByteOffset: x &* channels, as: UInt32.self)
      }
    }
  }

  // MARK: Lanes

  /// Which lanes of a vector have which filter, as masks.
  private struct Filters {
    private let sub: Lanes
    private let up: Lanes
    private let average: Lanes
    private let paeth: Lanes

    /// - Parameter filter: Of the row that each lane belongs to.
    init(_ filter: Lanes) {
      func mask(_ wanted: Int16) -> Lanes {
        var mask = Lanes.zero
        for lane in 0..<16 where filter[lane] == wanted { mask[lane] = -1 }
        return mask
      }
      sub = mask(1)
      up = mask(2)
      average = mask(3)
      paeth = mask(4)
    }

    /// What the filters predict from the pixels to the left, above, and above
    /// on the left.
    @inline(__always)
    func prediction(_ left: Lanes, _ above: Lanes, _ corner: Lanes) -> Lanes {
      // With p = left + above - corner, the distances of p from the three.
      let toLeft = above &- corner
      let toAbove = left &- corner
      let a = Self.magnitude(toLeft)
      let b = Self.magnitude(toAbove)
      let c = Self.magnitude(toLeft &+ toAbove)
      let nearest = Self.choose(
        Self.isLess(b, a) | Self.isLess(c, a),
        Self.choose(Self.isLess(c, b), corner, above), left)
      return nearest & paeth | (left &+ above) &>> 1 & average | above & up
        | left & sub
    }

    @inline(__always)
    private static func magnitude(_ lanes: Lanes) -> Lanes {
      let sign = lanes &>> 15
      return (lanes ^ sign) &- sign
    }

    /// All bits of a lane where the first number is less.
    @inline(__always)
    private static func isLess(_ x: Lanes, _ y: Lanes) -> Lanes {
      (x &- y) &>> 15
    }

    @inline(__always)
    private static func choose(_ mask: Lanes, _ x: Lanes, _ y: Lanes) -> Lanes {
      x & mask | y & ~mask
    }
  }

  /// Undoes the filters of all staged rows at once, in place.
  private func walk(
    _ staged: UnsafeMutableRawPointer, below above: UnsafeRawPointer,
    steps: Int, _ evenFilters: Filters, _ oddFilters: Filters
  ) {
    typealias Words = SIMD16<UInt16>
    var even = Lanes.zero
    var odd = Lanes.zero
    var evenCorner = Lanes.zero
    var oddCorner = Lanes.zero
    let lastMask = masks.count - 1
    let isGrey = channels == 1
    masks.withUnsafeBufferPointer { masks in
      for step in 0..<steps {
        // The upper neighbour of each row is the last result of the row above.
        let evenUpper: Lanes
        let oddUpper: Lanes
        if isGrey {
          let first = above.load(fromByteOffset: step, as: UInt8.self)
          let words = unsafeBitCast(odd, to: SIMD4<UInt64>.self)
          let carried = SIMD4(
            UInt64(first) &<< 48, words[0], words[1], words[2])
          evenUpper = unsafeBitCast(
            words &<< 16 | carried &>> 48, to: Lanes.self)
          oddUpper = even
        } else {
          let first = above.loadUnaligned(
            fromByteOffset: step &* channels, as: UInt32.self)
          evenUpper = Self.shifted(even, bringingIn: first & 0xff_00ff)
          oddUpper = Self.shifted(odd, bringingIn: first &>> 8 & 0xff_00ff)
        }

        let place = staged + step &* Self.stepBytes
        let bytes = place.load(as: Words.self)
        let mask = masks[min(step, lastMask)]
        even =
          (unsafeBitCast(bytes & 255, to: Lanes.self)
            &+ evenFilters.prediction(even, evenUpper, evenCorner))
          & mask.even
        odd =
          (unsafeBitCast(bytes &>> 8, to: Lanes.self)
            &+ oddFilters.prediction(odd, oddUpper, oddCorner)) & mask.odd
        evenCorner = evenUpper
        oddCorner = oddUpper
        place.storeBytes(
          of: unsafeBitCast(even | odd &<< 8, to: Words.self), as: Words.self)
      }
    }
  }

  /// The lanes of a pixel moved to the next row's.
  @inline(__always)
  private static func shifted(
    _ lanes: Lanes, bringingIn first: UInt32
  ) -> Lanes {
    let pixels = unsafeBitCast(lanes, to: SIMD8<UInt32>.self)
    return unsafeBitCast(
      SIMD8(
        first, pixels[0], pixels[1], pixels[2], pixels[3], pixels[4],
        pixels[5], pixels[6]), to: Lanes.self)
  }
}
