import Execution
import Foundation
import LinearAlgebra

/// A table that any language makes bit for bit alike.
package func table(rows: Int, columns: Int) -> Matrix {
  var table = Matrix(rows: rows, columns: columns)
  for i in 0..<rows {
    for j in 0..<columns {
      let number = i * i * 7 + j * j * 3 + i * j * 5 + 11
      table[i, j] = Float(number % 101) / 101
    }
  }
  return table
}

/// Numbers of the standard normal distribution.
package func noise(rows: Int, columns: Int, seed: UInt64 = 1) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  return Matrix(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map { _ in Float(generator.normal()) })
}

/// Pictures that are alike, and some with a bright square each.
package struct PlantedDefects {
  package let shape = ImageShape(height: 24, width: 32, channels: 3)
  package let ordinary: Matrix
  package let defective: Matrix
  /// Row and column of the upper left corner of every square.
  package let corners = [(0, 0), (5, 20), (18, 26), (9, 9)]
  /// Of the squares, in pixels.
  package let side = 6

  package init(count: Int = 60) {
    let shape = shape
    var generator = SeededGenerator(seed: 12)
    func picture() -> [Float] {
      let light = Float(0.1 * generator.normal())
      return (0..<shape.count).map { index in
        let (x, y) = (index / 3 % shape.width, index / 3 / shape.width)
        return 0.3 + light * Float(x) / 32 + 0.05 * Float(y) / 24
          + 0.1 * Float(index % 3) + Float(0.02 * generator.normal())
      }
    }
    ordinary = Matrix((0..<count).map { _ in picture() })
    var defective = Matrix(corners.map { _ in picture() })
    for (row, corner) in corners.enumerated() {
      for pixel in 0..<side * side {
        let (y, x) = (corner.0 + pixel / side, corner.1 + pixel % side)
        for channel in 0..<3 {
          defective[row, (y * shape.width + x) * 3 + channel] += 0.4
        }
      }
    }
    self.defective = defective
  }

  /// Whether the highest value of each map lies in its square.
  package func found(by maps: Matrix) -> [Bool] {
    corners.enumerated().map { row, corner in
      let map = Array(maps.row(row))
      let place = map.indices.max { map[$0] < map[$1] } ?? 0
      return corner.0..<corner.0 + side ~= place / shape.width
        && corner.1..<corner.1 + side ~= place % shape.width
    }
  }
}

extension Data {
  /// The bytes with a few of them changed, removed or added.
  package func mutated(
    using random: inout some RandomNumberGenerator
  ) -> Data {
    var data = self
    for _ in 0...random.next() % 4 where !data.isEmpty {
      let place = Int(random.next() % UInt64(data.count))
      let byte = UInt8(truncatingIfNeeded: random.next())
      switch random.next() % 6 {
      case 0, 1: data[place] = byte
      case 2: data[place] ^= 1 << (byte % 8)
      case 3: data.removeSubrange(place..<Swift.min(place + 3, data.count))
      case 4: data.insert(byte, at: place)
      default: data = data.prefix(place)
      }
    }
    return Data(data)
  }
}
