import Execution

extension BatchNormalization {
  /// Images whose sums are added up together.
  private static let blockSize = 16

  /// What a training step keeps for its way back.
  struct Moments: Sendable {
    var mean: [Double]
    var inverseDeviation: [Double]
  }

  /// Normalises by the batch's own moments and moves the statistics.
  func forwardInTraining<Scalar: NetworkScalar>(
    _ batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    statistics: UnsafeMutablePointer<Scalar>
  ) -> (Batch<Scalar>, Moments) {
    let count = Double(batch.rows * shape.height * shape.width)
    let mean = sums(batch.rows) { (row, sums: UnsafeMutablePointer<Scalar>) in
      let image = batch.pointer(toRow: row)
      forEachPixel { pixel in
        let values = image + pixel
        for channel in 0..<channels { sums[channel] += values[channel] }
      }
    }.map { $0 / count }
    let centre = Batch(mean.map { Scalar($0) }, rows: 1)
    let variance = sums(batch.rows) {
      (row, sums: UnsafeMutablePointer<Scalar>) in
      let (centre, image) = (centre.values, batch.pointer(toRow: row))
      forEachPixel { pixel in
        let values = image + pixel
        for channel in 0..<channels {
          let deviation = values[channel] - centre[channel]
          sums[channel] += deviation * deviation
        }
      }
    }.map { $0 / count }
    for channel in 0..<channels {
      let unbiased =
        count > 1 ? variance[channel] * count / (count - 1) : variance[channel]
      move(&statistics[channel], towards: mean[channel])
      move(&statistics[channels + channel], towards: unbiased)
    }
    let moments = Moments(
      mean: mean,
      inverseDeviation: variance.map { 1 / ($0 + Self.epsilon).squareRoot() })
    return (normalize(batch, parameters, moments), moments)
  }

  /// Normalises by the moving statistics.
  func forward<Scalar: NetworkScalar>(
    _ batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    statistics: UnsafePointer<Scalar>
  ) -> Batch<Scalar> {
    normalize(batch, parameters, moments(of: statistics))
  }

  func moments<Scalar: NetworkScalar>(
    of statistics: UnsafePointer<Scalar>
  ) -> Moments {
    Moments(
      mean: (0..<channels).map { Double(statistics[$0]) },
      inverseDeviation: (0..<channels).map {
        1 / (Double(statistics[channels + $0]) + Self.epsilon).squareRoot()
      })
  }

  /// The gradient of the input; the mean and the deviation are functions of
  /// the input too.
  func backward<Scalar: NetworkScalar>(
    _ outputGradient: Batch<Scalar>, input batch: Batch<Scalar>,
    _ moments: Moments, _ parameters: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>
  ) -> Batch<Scalar> {
    let (mean, inverse) = (moments.mean, moments.inverseDeviation)
    let centre = Batch(mean.map { Scalar($0) }, rows: 1)
    // The sums of the gradient, then of its products with the normalised
    // input.
    var sums = sums(batch.rows, count: 2 * channels) {
      (row, sums: UnsafeMutablePointer<Scalar>) in
      let (centre, image) = (centre.values, batch.pointer(toRow: row))
      let imageGradient = outputGradient.pointer(toRow: row)
      let products = sums + channels
      forEachPixel { pixel in
        let (values, gradients) = (image + pixel, imageGradient + pixel)
        for channel in 0..<channels {
          let gradient = gradients[channel]
          sums[channel] += gradient
          products[channel] += gradient * (values[channel] - centre[channel])
        }
      }
    }
    for channel in 0..<channels { sums[channels + channel] *= inverse[channel] }
    if isAffine {
      for channel in 0..<channels {
        gradient[channel] += Scalar(sums[channels + channel])
        gradient[channels + channel] += Scalar(sums[channel])
      }
    }
    // dx = scale / deviation (dy - mean(dy) - normalised mean(dy normalised))
    //    = a dy + b x + c for every channel.
    let count = Double(batch.rows * shape.height * shape.width)
    let factors = Batch<Scalar>(rows: 3, columns: channels)
    for channel in 0..<channels {
      let factor =
        (isAffine ? Double(parameters[channel]) : 1) * inverse[channel]
      let slope = sums[channels + channel] / count * inverse[channel]
      let offset = sums[channel] / count
      factors.pointer(toRow: 0)[channel] = Scalar(factor)
      factors.pointer(toRow: 1)[channel] = Scalar(-factor * slope)
      factors.pointer(toRow: 2)[channel] = Scalar(
        factor * (slope * mean[channel] - offset))
    }
    let result = Batch<Scalar>(rows: batch.rows, columns: batch.columns)
    Parallel.forEach(batch.rows) { row in
      let (a, b, c) = (
        factors.pointer(toRow: 0), factors.pointer(toRow: 1),
        factors.pointer(toRow: 2)
      )
      let (image, imageGradient, targets) = (
        batch.pointer(toRow: row), outputGradient.pointer(toRow: row),
        result.pointer(toRow: row)
      )
      forEachPixel { pixel in
        let (values, gradients) = (image + pixel, imageGradient + pixel)
        let target = targets + pixel
        for channel in 0..<channels {
          target[channel] =
            a[channel] * gradients[channel] + b[channel] * values[channel]
            + c[channel]
        }
      }
    }
    return result
  }

  private func normalize<Scalar: NetworkScalar>(
    _ batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    _ moments: Moments
  ) -> Batch<Scalar> {
    let factors = Batch<Scalar>(rows: 2, columns: channels)
    for channel in 0..<channels {
      let factor =
        moments.inverseDeviation[channel]
        * (isAffine ? Double(parameters[channel]) : 1)
      factors.pointer(toRow: 0)[channel] = Scalar(factor)
      factors.pointer(toRow: 1)[channel] =
        (isAffine ? parameters[channels + channel] : 0)
        - Scalar(factor * moments.mean[channel])
    }
    let result = Batch<Scalar>(rows: batch.rows, columns: batch.columns)
    Parallel.forEach(batch.rows) { row in
      let (factor, offset) = (
        factors.pointer(toRow: 0), factors.pointer(toRow: 1)
      )
      let (image, targets) = (
        batch.pointer(toRow: row), result.pointer(toRow: row)
      )
      forEachPixel { pixel in
        let (values, target) = (image + pixel, targets + pixel)
        for channel in 0..<channels {
          target[channel] = factor[channel] * values[channel] + offset[channel]
        }
      }
    }
    return result
  }

  /// Sums over the rows of a batch: each row's own in `Scalar`, those of the
  /// rows in Double.
  private func sums<Scalar: NetworkScalar>(
    _ rows: Int, count: Int? = nil,
    _ add: (Int, UnsafeMutablePointer<Scalar>) -> Void
  ) -> [Double] {
    let count = count ?? channels
    let total = Batch([Double](repeating: 0, count: count), rows: 1)
    Batch<Double>.addOrderedSum(
      over: Parallel.blocks(rows, size: Self.blockSize), to: total.values,
      count: count
    ) { block, sums in
      let own = Batch<Scalar>(rows: 1, columns: count)
      for row in block {
        own.fill(0)
        add(row, own.values)
        for column in 0..<count { sums[column] += Double(own.values[column]) }
      }
    }
    return total.array
  }

  /// Calls `body` with where the channels of every pixel begin in an image.
  @inline(__always)
  private func forEachPixel(_ body: (Int) -> Void) {
    for pixel in 0..<shape.height * shape.width { body(pixel * channels) }
  }

  private func move<Scalar: NetworkScalar>(
    _ statistic: inout Scalar, towards value: Double
  ) {
    statistic = Scalar(
      (1 - Self.momentum) * Double(statistic) + Self.momentum * value)
  }
}
