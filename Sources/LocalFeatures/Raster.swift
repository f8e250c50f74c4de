import Execution
import Foundation
import LinearAlgebra

/// Numbers on a grid of cells, row by row, the channels of a cell side by side.
package struct Raster: Hashable, Sendable {
  package let height: Int
  package let width: Int
  package let channels: Int
  package var values: [Float]

  /// - Precondition: `values.count == height * width * channels`.
  package init(height: Int, width: Int, channels: Int = 1, values: [Float]) {
    precondition(values.count == height * width * channels)
    self.height = height
    self.width = width
    self.channels = channels
    self.values = values
  }

  /// A grid whose rows of cells `fill` writes, each of `width * channels`
  /// numbers.
  init(
    height: Int, width: Int, channels: Int = 1,
    fill: (Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    self.init(
      height: height, width: width, channels: channels,
      values: [Float](
        unsafeUninitializedCapacity: height * width * channels
      ) { buffer, count in
        if let base = buffer.baseAddress {
          for row in 0..<height { fill(row, base + row * width * channels) }
        }
        count = buffer.count
      })
  }

  /// The mean of every square of `side` x `side` cells.
  ///
  /// - Precondition: Both sides are multiples of `side`.
  package func means(of side: Int) -> Raster {
    guard side > 1 else { return self }
    precondition(height % side == 0 && width % side == 0)
    let factor = 1 / Float(side * side)
    let length = width / side * channels
    return values.withUnsafeBufferPointer { source in
      Raster(height: height / side, width: width / side, channels: channels) {
        row, target in
        guard var cell = source.baseAddress else { return }
        cell += row * side * width * channels
        target.initialize(repeating: 0, count: length)
        for _ in 0..<side {
          for column in 0..<width / side {
            let sums = target + column * channels
            for _ in 0..<side {
              for channel in 0..<channels { sums[channel] += cell[channel] }
              cell += channels
            }
          }
        }
        for index in 0..<length { target[index] *= factor }
      }
    }
  }

  /// The square root of every number in its place.
  mutating func takeSquareRoots() {
    values.withUnsafeMutableBufferPointer { values in
      for index in values.indices { values[index].formSquareRoot() }
    }
  }

  /// The median of each channel over the outermost cells of every side.
  package func borderMedian(depth: Int) -> [Float] {
    var cells: [Int] = []
    for y in 0..<height {
      let isInside = depth <= y && y < height - depth && 2 * depth < width
      cells += y * width..<y * width + (isInside ? depth : width)
      if isInside { cells += (y + 1) * width - depth..<(y + 1) * width }
    }
    return (0..<channels).map { channel in
      var border = cells.map { values[$0 * channels + channel] }
      let upper = border.orderStatistic(border.count / 2)
      return (border.orderStatistic((border.count - 1) / 2) + upper) / 2
    }
  }

  /// Smoothed by a Gaussian of the given deviation in cells, cut off at four
  /// deviations; borders are mirrored at the centres of the outermost cells.
  package func blurred(_ deviation: Float) -> Raster {
    filtered(by: SymmetricFilter(gaussian: deviation), every: 1)
  }

  /// Every second cell, smoothed by 1 4 6 4 1 beforehand: the next octave of a
  /// pyramid (Burt and Adelson 1983).
  func halved() -> Raster { filtered(by: .binomial, every: 2) }

  private func filtered(
    by filter: SymmetricFilter, every step: Int
  ) -> Raster {
    let radius = filter.radius
    let length = width * channels
    let (rowsLeft, columnsLeft) =
      ((height + step - 1) / step, (width + step - 1) / step)
    // Of every row and column, those beyond the borders included.
    let rowPlaces = (-radius..<height + radius).map {
      Raster.mirrored($0, height) * length
    }
    let columnPlaces = (-radius..<width + radius).map {
      Raster.mirrored($0, width) * channels
    }
    return values.withUnsafeBufferPointer { source in
      withUnsafeTemporaryAllocation(
        of: Float.self, capacity: (width + 2 * radius) * channels + length
      ) { scratch in
        guard let rows = source.baseAddress, let padded = scratch.baseAddress
        else { return Raster(height: 0, width: 0, values: []) }
        let middle = padded + radius * channels
        let whole = middle + (width + radius) * channels
        return Raster(height: rowsLeft, width: columnsLeft, channels: channels)
        { row, target in
          filter.apply(count: length, into: middle) { offset in
            rows + rowPlaces[row * step + offset + radius]
          }
          for outside in 0..<radius {
            for place in [outside, radius + width + outside] {
              (padded + place * channels).update(
                from: middle + columnPlaces[place], count: channels)
            }
          }
          let result = step == 1 ? target : whole
          filter.apply(count: length, into: result) {
            UnsafePointer(middle + $0 * channels)
          }
          guard step > 1 else { return }
          for column in 0..<columnsLeft {
            for channel in 0..<channels {
              target[column * channels + channel] =
                whole[column * step * channels + channel]
            }
          }
        }
      }
    }
  }
}

extension Raster {
  /// The place within `0..<count` that any place is mirrored to at the outermost
  /// ones.
  package static func mirrored(_ place: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let period = 2 * count - 2
    let within = ((place % period) + period) % period
    return within < count ? within : period - within
  }
}

/// Weights that fall to both sides alike.
struct SymmetricFilter {
  /// The weight of the middle, then those of either side.
  private let weights: [Float]

  var radius: Int { weights.count - 1 }

  static let binomial = SymmetricFilter(weights: [6, 4, 1].map { $0 / 16 })

  private init(weights: [Float]) {
    self.weights = weights
  }

  init(gaussian deviation: Float) {
    let radius = Int(4 * deviation + 0.5)
    let half = (0...radius).map {
      exp(-Double($0 * $0) / (2 * Double(deviation * deviation)))
    }
    let total = 2 * half.reduce(0, +) - half[0]
    weights = half.map { Float($0 / total) }
  }

  /// The weighted sums of `count` numbers at every offset up to the radius.
  func apply(
    count: Int, into target: UnsafeMutablePointer<Float>,
    at place: (Int) -> UnsafePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(
      of: UnsafePointer<Float>.self, capacity: 2 * radius + 1
    ) { places in
      for offset in -radius...radius {
        places.initializeElement(at: offset + radius, to: place(offset))
      }
      weights.withUnsafeBufferPointer { weights in
        var start = 0
        // Four sums at a time, as each waits for its last term.
        while start + 64 <= count {
          let middle = places[radius] + start
          var sums = (
            load(middle) * weights[0], load(middle + 16) * weights[0],
            load(middle + 32) * weights[0], load(middle + 48) * weights[0]
          )
          for offset in 1..<radius + 1 {
            let (before, after) = (
              places[radius - offset] + start, places[radius + offset] + start
            )
            let weight = weights[offset]
            sums.0 += (load(before) + load(after)) * weight
            sums.1 += (load(before + 16) + load(after + 16)) * weight
            sums.2 += (load(before + 32) + load(after + 32)) * weight
            sums.3 += (load(before + 48) + load(after + 48)) * weight
          }
          store(sums.0, at: target + start)
          store(sums.1, at: target + start + 16)
          store(sums.2, at: target + start + 32)
          store(sums.3, at: target + start + 48)
          start += 64
        }
        for index in start..<count {
          var sum = places[radius][index] * weights[0]
          for offset in 1..<radius + 1 {
            sum +=
              (places[radius - offset][index] + places[radius + offset][index])
              * weights[offset]
          }
          target[index] = sum
        }
      }
    }
  }
}

@inline(__always)
func load(_ place: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(place).loadUnaligned(as: SIMD16<Float>.self)
}

@inline(__always)
func store(_ values: SIMD16<Float>, at place: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(place).storeBytes(of: values, as: SIMD16<Float>.self)
}

extension Raster {
  /// More cells, interpolated bilinearly between the centres of these; beyond
  /// the outermost centres they are repeated.
  package func enlarged(height: Int, width: Int) -> Raster {
    guard height != self.height || width != self.width else { return self }
    let across = Self.neighbors(of: width, among: self.width)
    let down = Self.neighbors(of: height, among: self.height)
    return values.withUnsafeBufferPointer { source in
      Raster(height: height, width: width, channels: channels) { row, target in
        let above = down[row].first * self.width
        let below = down[row].second * self.width
        let share = down[row].share
        for (column, place) in across.enumerated() {
          for channel in 0..<channels {
            func value(_ row: Int) -> Float {
              let first = source[(row + place.first) * channels + channel]
              let second = source[(row + place.second) * channels + channel]
              return first + (second - first) * place.share
            }
            let upper = value(above)
            target[column * channels + channel] =
              upper + (value(below) - upper) * share
          }
        }
      }
    }
  }

  /// The two of `count` cells that each of `wanted` lies between, and how near
  /// it is to the second.
  private static func neighbors(
    of wanted: Int, among count: Int
  ) -> [(first: Int, second: Int, share: Float)] {
    (0..<wanted).map {
      let place = min(
        max(
          (Float($0) + 0.5) * Float(count) / Float(wanted) - 0.5, 0),
        Float(count - 1))
      let first = Int(place)
      return (first, min(first + 1, count - 1), place - Float(first))
    }
  }
}
