import Execution
import LinearAlgebra

/// How sixteen images lie side by side, one in each lane of the vectors.
///
/// [row, column, channel, image], with a border of zeros one pixel wide, so
/// that sums which reach over the edge need no case of their own. The lanes
/// beyond the last image are idle.
package struct ImageLanes: UnitLayout {
  typealias Vector = SIMD16<Float>

  package static var imageCount: Int { Vector.scalarCount }

  let shape: ImageShape

  package init(shape: ImageShape) { self.shape = shape }

  /// Numbers from a pixel to the next.
  var pixelStep: Int { shape.channels * Self.imageCount }
  /// Numbers from a row to the next.
  var rowStep: Int { (shape.width + 2) * pixelStep }
  /// All numbers, those of the border among them.
  package var valueCount: Int { (shape.height + 2) * rowStep }
  /// Where the first pixel inside the border begins.
  var origin: Int { rowStep + pixelStep }

  /// Where the numbers of rows are, with their border.
  func numbers(inRows rows: Range<Int>) -> Range<Int> {
    (rows.lowerBound + 1) * rowStep..<(rows.upperBound + 1) * rowStep
  }

  package func clearBorder(_ unit: UnsafeMutablePointer<Float>) {
    unit.update(repeating: 0, count: rowStep)
    for y in 1...shape.height {
      let row = unit + y * rowStep
      row.update(repeating: 0, count: pixelStep)
      (row + rowStep - pixelStep).update(repeating: 0, count: pixelStep)
    }
    (unit + (shape.height + 1) * rowStep)
      .update(repeating: 0, count: rowStep)
  }
}

// MARK: In and out

extension ImageLanes {
  /// Lays images side by side; idle lanes are zero.
  package func load(
    _ images: UnsafePointer<Float>, count: Int,
    into unit: UnsafeMutablePointer<Float>
  ) {
    clearBorder(unit)
    forEachSquare { square, spare, run in
      for image in 0..<Self.imageCount {
        guard image < count else {
          square[image] = .zero
          continue
        }
        let source = images + image * shape.count + run.image
        if run.length == Self.imageCount {
          square[image] = vector(source)
        } else {
          for index in 0..<run.length { square[image][index] = source[index] }
        }
      }
      transpose(square, spare)
      for index in 0..<run.length {
        store(square[index], to: unit + run.lanes + index * Self.imageCount)
      }
    }
  }

  package func unload(
    _ unit: UnsafePointer<Float>, count: Int,
    into images: UnsafeMutablePointer<Float>
  ) {
    forEachSquare { square, spare, run in
      for index in 0..<run.length {
        square[index] = vector(unit + run.lanes + index * Self.imageCount)
      }
      transpose(square, spare)
      for image in 0..<count {
        let target = images + image * shape.count + run.image
        if run.length == Self.imageCount {
          store(square[image], to: target)
        } else {
          for index in 0..<run.length { target[index] = square[image][index] }
        }
      }
    }
  }

  /// Up to sixteen numbers that are neighbours in every image.
  private struct Run {
    /// Where they begin in an image.
    var image: Int
    /// Where they begin in the lanes.
    var lanes: Int
    var length: Int
  }

  /// Calls `body` with every run, and memory for two squares of sixteen
  /// vectors.
  private func forEachSquare(
    _ body: (
      UnsafeMutablePointer<Vector>, UnsafeMutablePointer<Vector>, Run
    ) -> Void
  ) {
    let rowCount = shape.width * shape.channels
    let squares = Batch<Float>(
      rows: 2, columns: Self.imageCount * Self.imageCount)
    squares.fill(0)
    let square = vectors(squares.pointer(toRow: 0))
    let spare = vectors(squares.pointer(toRow: 1))
    for y in 0..<shape.height {
      for start in stride(from: 0, to: rowCount, by: Self.imageCount) {
        let run = Run(
          image: y * rowCount + start,
          lanes: origin + y * rowStep + start * Self.imageCount,
          length: min(Self.imageCount, rowCount - start))
        body(square, spare, run)
      }
    }
  }

  /// Each interleaving turns the bits of an element's place by one; four of
  /// eight bits are a transposition.
  @inline(__always)
  private func transpose(
    _ square: UnsafeMutablePointer<Vector>,
    _ spare: UnsafeMutablePointer<Vector>
  ) {
    for _ in 0..<2 {
      interleave(square, into: spare)
      interleave(spare, into: square)
    }
  }

  @inline(__always)
  private func interleave(
    _ source: UnsafeMutablePointer<Vector>,
    into target: UnsafeMutablePointer<Vector>
  ) {
    for row in 0..<8 {
      let (a, b) = (source[row], source[row + 8])
      target[2 * row] = alternating(a.lowHalf, b.lowHalf)
      target[2 * row + 1] = alternating(a.highHalf, b.highHalf)
    }
  }
}

// MARK: Sums

extension ImageLanes {
  /// The gradient is zero in idle lanes.
  package static func addSquaredErrors(
    of unit: UnsafePointer<Float>, from targets: UnsafePointer<Float>,
    _ numbers: Range<Int>, gradient: UnsafeMutablePointer<Float>, factor: Float,
    count: Int, to squares: UnsafeMutablePointer<Double>
  ) {
    var factors = Vector.zero
    for lane in 0..<count { factors[lane] = factor }
    var total = SIMD16<Double>.zero
    var index = numbers.lowerBound
    while index < numbers.upperBound {
      // Short stretches in single precision, their sums in Double.
      let end = min(index + 64 * Self.imageCount, numbers.upperBound)
      var sums = Vector.zero
      while index < end {
        let difference = vector(unit + index) - vector(targets + index)
        sums += difference * difference
        store(difference * factors, to: gradient + index)
        index += Self.imageCount
      }
      total += SIMD16<Double>(sums)
    }
    for lane in 0..<count { squares[lane] += total[lane] }
  }

  package func sumPixels(
    _ unit: UnsafePointer<Float>, _ numbers: Range<Int>,
    to sums: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<shape.channels {
      var sum = Vector.zero
      var index = numbers.lowerBound + channel * Self.imageCount
      while index < numbers.upperBound {
        sum += vector(unit + index)
        index += pixelStep
      }
      sums[channel] += sum.sum()
    }
  }
}

/// The numbers of both in turn.
@inline(__always)
func alternating(
  _ even: SIMD8<Float>, _ odd: SIMD8<Float>
) -> ImageLanes.Vector {
  var result = ImageLanes.Vector()
  result.evenHalf = even
  result.oddHalf = odd
  return result
}

@inline(__always)
func vector(_ pointer: UnsafePointer<Float>) -> ImageLanes.Vector {
  UnsafeRawPointer(pointer).loadUnaligned(as: ImageLanes.Vector.self)
}

@inline(__always)
func store(
  _ vector: ImageLanes.Vector, to pointer: UnsafeMutablePointer<Float>
) {
  UnsafeMutableRawPointer(pointer)
    .storeBytes(of: vector, as: ImageLanes.Vector.self)
}

/// The numbers from a multiple of 64 bytes on, sixteen at a time.
@inline(__always)
private func vectors(
  _ pointer: UnsafeMutablePointer<Float>
) -> UnsafeMutablePointer<ImageLanes.Vector> {
  UnsafeMutableRawPointer(pointer)
    .assumingMemoryBound(to: ImageLanes.Vector.self)
}
