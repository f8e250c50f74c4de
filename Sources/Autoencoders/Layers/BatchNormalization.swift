import LinearAlgebra

/// Standardises every channel over the pixels of all images of a batch, then
/// scales and shifts it (Ioffe and Szegedy 2015, arXiv 1502.03167).
///
/// Input and output [height, width, channels] (NHWC) of `shape`. Parameters:
/// a scale (gamma) for every channel, then a shift (beta); none when not
/// `isAffine`. Statistics: the moving mean of every channel, then the moving
/// unbiased variance. As in PyTorch the variance of a batch is biased, 1e-5 is
/// added to it, and a tenth of each batch enters the moving statistics.
package struct BatchNormalization: Hashable, Sendable {
  package let shape: ImageShape
  package let isAffine: Bool

  static let epsilon = 1e-5
  static let momentum = 0.1
  /// Images whose sums are added up together.
  private static let blockSize = 16

  var channels: Int { shape.channels }
  var parameterCount: Int { isAffine ? 2 * channels : 0 }
  var statisticCount: Int { 2 * channels }

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
    let mean = sums(batch.rows) { row, sums in
      let values = batch.row(row)
      forEachPixel { offset in
        for channel in 0..<channels {
          sums[channel] += Double(values[offset + channel])
        }
      }
    }.map { $0 / count }
    let variance = sums(batch.rows) { row, sums in
      let values = batch.row(row)
      forEachPixel { offset in
        for channel in 0..<channels {
          let deviation = Double(values[offset + channel]) - mean[channel]
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
    // The sums of the gradient, then of its products with the normalised
    // input.
    let sums = sums(batch.rows, count: 2 * channels) { row, sums in
      let values = batch.row(row)
      let gradients = outputGradient.row(row)
      forEachPixel { offset in
        for channel in 0..<channels {
          let slope = Double(gradients[offset + channel])
          let normalized =
            (Double(values[offset + channel]) - mean[channel])
            * inverse[channel]
          sums[channel] += slope
          sums[channels + channel] += slope * normalized
        }
      }
    }
    if isAffine {
      for channel in 0..<channels {
        gradient[channel] += Scalar(sums[channels + channel])
        gradient[channels + channel] += Scalar(sums[channel])
      }
    }
    // dx = scale / deviation (dy - mean(dy) - normalised mean(dy normalised))
    //    = a dy + b x + c for every channel.
    let count = Double(batch.rows * shape.height * shape.width)
    var (a, b, c) = ([Scalar](), [Scalar](), [Scalar]())
    for channel in 0..<channels {
      let factor =
        (isAffine ? Double(parameters[channel]) : 1) * inverse[channel]
      let slope = sums[channels + channel] / count * inverse[channel]
      let offset = sums[channel] / count
      a.append(Scalar(factor))
      b.append(Scalar(-factor * slope))
      c.append(Scalar(factor * (slope * mean[channel] - offset)))
    }
    let result = Batch<Scalar>(rows: batch.rows, columns: batch.columns)
    Parallel.forEach(batch.rows) { row in
      let values = batch.row(row)
      let gradients = outputGradient.row(row)
      let target = result.row(row)
      forEachPixel { offset in
        for channel in 0..<channels {
          let at = offset + channel
          target[at] =
            a[channel] * gradients[at] + b[channel] * values[at] + c[channel]
        }
      }
    }
    return result
  }

  private func normalize<Scalar: NetworkScalar>(
    _ batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    _ moments: Moments
  ) -> Batch<Scalar> {
    let factors = (0..<channels).map {
      Scalar(
        moments.inverseDeviation[$0]
          * (isAffine ? Double(parameters[$0]) : 1))
    }
    let offsets = (0..<channels).map {
      (isAffine ? parameters[channels + $0] : 0)
        - factors[$0] * Scalar(moments.mean[$0])
    }
    let result = Batch<Scalar>(rows: batch.rows, columns: batch.columns)
    Parallel.forEach(batch.rows) { row in
      let values = batch.row(row)
      let target = result.row(row)
      forEachPixel { offset in
        for channel in 0..<channels {
          target[offset + channel] =
            factors[channel] * values[offset + channel] + offsets[channel]
        }
      }
    }
    return result
  }

  /// Sums over the rows of a batch, in blocks that are added up in order.
  private func sums(
    _ rows: Int, count: Int? = nil,
    _ add: (Int, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let count = count ?? channels
    let blocks = Parallel.blocks(rows, size: Self.blockSize)
    let partial = Batch<Double>(rows: blocks.count, columns: count)
    partial.fill(0)
    Parallel.forEach(blocks.count) { index in
      for row in blocks[index] { add(row, partial.row(index)) }
    }
    var total = [Double](repeating: 0, count: count)
    for block in 0..<blocks.count {
      for index in 0..<count { total[index] += partial.row(block)[index] }
    }
    return total
  }

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
