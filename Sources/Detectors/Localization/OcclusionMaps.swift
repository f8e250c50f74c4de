import Execution
import LinearAlgebra

extension LocalizingModel {
  /// Maps of how far the score of a picture falls when a square of it is
  /// covered with the picture's mean colour: for models whose scores do not
  /// come from single pixels.
  ///
  /// The side of the square is an eighth of the picture's shorter one; squares
  /// overlap by half, and a pixel has the mean of the squares that cover it. A
  /// picture is scored more than 200 times (Zeiler and Fergus 2014).
  package func occlusionMaps(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    guard let shape = context.imageShape else {
      throw DetectorFault.needsImages
    }
    let scores = try score(samples, in: context.quiet)
    var maps: [Float] = []
    for row in 0..<samples.rows {
      let picture = Occlusion(samples.row(row), shape: shape)
      var falls: [Float] = []
      for squares in Parallel.blocks(
        picture.squares.count, size: max(1, (1 << 22) / shape.count))
      {
        try context.cancellation.check()
        falls += try score(picture.covered(squares), in: context.quiet).map {
          scores[row] - $0
        }
      }
      maps += picture.map(of: falls)
      context.progress.report(
        ProgressReport(
          stage: "heat maps", completed: row + 1, total: samples.rows))
    }
    return Localization(
      scores: scores,
      maps: Matrix(
        rows: samples.rows, columns: shape.height * shape.width, values: maps))
  }
}

/// A picture and the squares that it is covered with, one at a time.
private struct Occlusion {
  let pixels: ArraySlice<Float>
  let shape: ImageShape
  let squares: [(rows: Range<Int>, columns: Range<Int>)]
  /// The picture's mean of every channel.
  let color: [Float]

  init(_ pixels: ArraySlice<Float>, shape: ImageShape) {
    let side = max(1, min(shape.height, shape.width) / 8)
    func places(_ length: Int) -> [Range<Int>] {
      // The last one ends with the picture.
      stride(from: 0, to: length - side, by: max(1, side / 2)).map {
        $0..<$0 + side
      } + [length - side..<length]
    }
    let columns = places(shape.width)
    self.pixels = pixels
    self.shape = shape
    squares = places(shape.height).flatMap { rows in
      columns.map { (rows, $0) }
    }
    var sums = [Double](repeating: 0, count: shape.channels)
    for (place, value) in pixels.enumerated() {
      sums[place % shape.channels] += Double(value)
    }
    color = sums.map { Float($0 / Double(shape.height * shape.width)) }
  }

  /// The picture with each of some squares covered, one a row.
  func covered(_ range: Range<Int>) -> Matrix {
    var values: [Float] = []
    values.reserveCapacity(range.count * shape.count)
    for square in squares[range] {
      let start = values.count
      values += pixels
      for y in square.rows {
        for x in square.columns {
          let pixel = start + (y * shape.width + x) * shape.channels
          for channel in 0..<shape.channels {
            values[pixel + channel] = color[channel]
          }
        }
      }
    }
    return Matrix(rows: range.count, columns: shape.count, values: values)
  }

  /// For every pixel the mean of the squares over it.
  func map(of falls: [Float]) -> [Float] {
    var sums = [Float](repeating: 0, count: shape.height * shape.width)
    var counts = sums
    for (square, fall) in zip(squares, falls) {
      for y in square.rows {
        for x in square.columns {
          sums[y * shape.width + x] += fall
          counts[y * shape.width + x] += 1
        }
      }
    }
    return zip(sums, counts).map { $0 / $1 }
  }
}
