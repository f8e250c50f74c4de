import Execution
import LinearAlgebra

/// Images that are wrong on purpose, made from a batch of ordinary ones with
/// values in -1...1.
struct SyntheticAnomalies {
  let shape: ImageShape

  /// Each image mixed with uniform noise that is at least half of it.
  func noise(_ batch: Batch<Float>, _ moment: TrainingMoment) -> Batch<Float> {
    changed(batch, moment) { image, _, generator in
      let share = Float(0.5 + generator.uniform() / 2)
      for index in 0..<shape.count {
        let noise = Float(2 * generator.uniform() - 1)
        image[index] += share * (noise - image[index])
      }
    }
  }

  /// Each image with a rectangle of another place and another image in it.
  ///
  /// It is cut sharply or blended in (after Li et al. 2021, CutPaste,
  /// arXiv 2104.04015).
  func patches(
    _ batch: Batch<Float>, _ moment: TrainingMoment
  ) -> Batch<Float> {
    changed(batch, moment) { image, row, generator in
      let other = batch[
        (row + 1 + generator.integer(below: max(batch.rows - 1, 1)))
          % batch.rows]
      let (from, height) = cut(shape.height, &generator)
      let (to, _) = cut(shape.height, of: height, &generator)
      let (fromColumn, width) = cut(shape.width, &generator)
      let (toColumn, _) = cut(shape.width, of: width, &generator)
      let share =
        generator.uniform() < 0.5 ? 1 : Float(0.4 + 0.6 * generator.uniform())
      for y in 0..<height {
        let source = ((from + y) * shape.width + fromColumn) * shape.channels
        let target = ((to + y) * shape.width + toColumn) * shape.channels
        for index in 0..<width * shape.channels {
          image[target + index] +=
            share * (other[source + index] - image[target + index])
        }
      }
    }
  }

  /// A stretch of a side: an eighth to a half of it, or `length`.
  private func cut(
    _ side: Int, of length: Int? = nil, _ generator: inout SeededGenerator
  ) -> (start: Int, length: Int) {
    let least = max(side / 8, 1)
    let length =
      length ?? least + generator.integer(below: max(side / 2 - least, 0) + 1)
    return (generator.integer(below: side - length + 1), length)
  }

  private func changed(
    _ batch: Batch<Float>, _ moment: TrainingMoment,
    _ change: (Batch<Float>.Row, Int, inout SeededGenerator) -> Void
  ) -> Batch<Float> {
    let result = batch.copy()
    Parallel.forEach(batch.rows) { row in
      var generator = moment.generator(.anomalies, image: row)
      change(result[row], row, &generator)
    }
    return result
  }
}

extension Batch where Scalar == Float {
  /// The values plus normal noise of a deviation.
  func noisy(deviation: Float, _ moment: TrainingMoment) -> Batch {
    let result = Batch(rows: rows, columns: columns)
    Parallel.forEach(rows) { row in
      var generator = moment.generator(.noise, image: row)
      let (source, target) = (self[row], result[row])
      for column in 0..<columns {
        target[column] = source[column] + deviation * Float(generator.normal())
      }
    }
    return result
  }
}
