import Execution
import LinearAlgebra

/// Image-by-image layers that follow each other, convolutions among them, and
/// how images go through them: one by one, or sixteen together, in lanes.
///
/// The images that go together are a *unit*; its numbers at a *place*, the
/// input or the output of a layer, lie as they do in a batch or as
/// `ImageLanes` says.
struct ImageGroup {
  let layers: Range<Int>
  /// The shapes at every place.
  let shapes: [ImageShape]
  let inLanes: Bool

  private var unitSize: Int { inLanes ? ImageLanes.count : 1 }

  private func lanes(_ place: Int) -> ImageLanes {
    ImageLanes(shape: shapes[place])
  }

  /// Numbers of a unit at a place.
  func valueCount(_ place: Int) -> Int {
    inLanes ? lanes(place).valueCount : shapes[place].count
  }

  func unitCount(rows: Int) -> Int { (rows + unitSize - 1) / unitSize }

  /// The rows of a batch that a unit has.
  private func rows<Scalar>(_ unit: Int, of batch: Batch<Scalar>) -> Range<Int>
  {
    unit * unitSize..<min((unit + 1) * unitSize, batch.rows)
  }

  /// Units that one thread takes at a time: a twelfth of them at first, since
  /// every block has gradients of its own, and fewer towards the end, so that
  /// the threads finish together.
  func blocks(rows: Int) -> [Range<Int>] {
    let count = unitCount(rows: rows)
    let least = inLanes ? 1 : 4
    var blocks: [Range<Int>] = []
    var start = 0
    while start < count {
      let size = max(least, min((count + 11) / 12, (count - start + 5) / 6))
      let end = min(start + size, count)
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }
}

// MARK: In and out

extension ImageGroup {
  func load<Scalar>(
    _ unit: Int, of batch: Batch<Scalar>, place: Int,
    into values: UnsafeMutablePointer<Scalar>
  ) {
    let rows = rows(unit, of: batch)
    let source = UnsafePointer(batch.row(rows.lowerBound))
    if inLanes {
      lanes(place)
        .load(float(source), count: rows.count, into: float(values))
    } else {
      values.update(from: source, count: batch.columns)
    }
  }

  func unload<Scalar>(
    _ values: UnsafePointer<Scalar>, place: Int, into batch: Batch<Scalar>,
    _ unit: Int
  ) {
    let rows = rows(unit, of: batch)
    let target = batch.row(rows.lowerBound)
    if inLanes {
      lanes(place)
        .unload(float(values), count: rows.count, into: float(target))
    } else {
      target.update(from: values, count: batch.columns)
    }
  }

  func clearBorder<Scalar: NetworkScalar>(
    _ values: UnsafeMutablePointer<Scalar>, place: Int
  ) {
    if inLanes { lanes(place).clearBorder(float(values)) }
  }
}

// MARK: Sums

extension ImageGroup {
  /// Adds the squared distance of every image of a unit from its target, over
  /// the numbers that are finished, and gives the differences times a factor.
  ///
  /// - Parameter squares: A number for every row of the batch.
  func addSquaredErrors<Scalar>(
    of values: UnsafePointer<Scalar>, from targets: UnsafePointer<Scalar>,
    _ numbers: Range<Int>, slopes: UnsafeMutablePointer<Scalar>,
    factor: Scalar, _ unit: Int, of batch: Batch<Scalar>,
    to squares: UnsafeMutablePointer<Double>
  ) {
    let rows = rows(unit, of: batch)
    if inLanes {
      ImageLanes.addSquaredErrors(
        of: float(values), from: float(targets), numbers,
        slopes: float(slopes), factor: Float(factor), count: rows.count,
        to: squares + rows.lowerBound)
    } else {
      squares[unit] += squaredError(
        values, targets, slopes: slopes, factor: factor, count: numbers.count)
    }
  }

  /// sums ← sums + the numbers that are finished, summed over the pixels.
  func sumPixels<Scalar: NetworkScalar>(
    _ values: UnsafePointer<Scalar>, _ numbers: Range<Int>, place: Int,
    to sums: UnsafeMutablePointer<Scalar>
  ) {
    if inLanes {
      lanes(place).sumPixels(float(values), numbers, to: float(sums))
    } else {
      Autoencoders.sumPixels(of: values, shapes[place], to: sums)
    }
  }
}
