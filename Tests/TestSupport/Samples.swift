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
