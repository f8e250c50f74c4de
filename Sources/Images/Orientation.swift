import Execution

/// How a camera was held: what makes a stored picture upright, as EXIF numbers
/// it (tag 0x0112 of TIFF 6.0).
package enum Orientation: UInt16, Sendable {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case mirroredUpsideDown = 4
  case transposed = 5
  case clockwise = 6
  case transverse = 7
  case counterclockwise = 8

  /// Whether stored rows become columns.
  var swapsAxes: Bool { rawValue >= 5 }
  /// Whether the first stored column is the last one of the upright picture, or
  /// its last row.
  var mirrorsColumns: Bool { [2, 3, 7, 8].contains(rawValue) }
  /// The same of the first stored row.
  var mirrorsRows: Bool { [3, 4, 6, 7].contains(rawValue) }

  /// The upright size of a stored one, and the other way round.
  func turned(_ size: PixelSize) -> PixelSize {
    swapsAxes ? PixelSize(width: size.height, height: size.width) : size
  }

  /// The pixels of an upright picture.
  func turned(_ values: [Float], of stored: ImageShape) -> [Float] {
    guard self != .upright else { return values }
    let size = turned(PixelSize(width: stored.width, height: stored.height))
    var upright: [Float] = []
    upright.reserveCapacity(values.count)
    for y in 0..<size.height {
      for x in 0..<size.width {
        var (column, row) = swapsAxes ? (y, x) : (x, y)
        if mirrorsColumns { column = stored.width - 1 - column }
        if mirrorsRows { row = stored.height - 1 - row }
        let start = (row * stored.width + column) * stored.channels
        upright += values[start..<start + stored.channels]
      }
    }
    return upright
  }
}

extension Orientation {
  private static let tag = 0x0112
  private static let shortNumber = 3
  private static let entrySize = 12

  /// What EXIF data says, which begins with the header of a TIFF file; upright
  /// where it does not tell, or is damaged.
  init(exif bytes: UnsafeRawBufferPointer) {
    self = Self.read(bytes) ?? .upright
  }

  private static func read(_ bytes: UnsafeRawBufferPointer) -> Orientation? {
    let isBigEndian: Bool
    if bytes.starts(with: Array("MM\0*".utf8)) {
      isBigEndian = true
    } else if bytes.starts(with: Array("II*\0".utf8)) {
      isBigEndian = false
    } else {
      return nil
    }
    func number(at offset: Int, count: Int) -> Int? {
      guard offset <= bytes.count - count else { return nil }
      let digits = bytes[offset..<offset + count]
      return (isBigEndian ? Array(digits) : digits.reversed())
        .reduce(0) { $0 << 8 | Int($1) }
    }
    guard
      let directory = number(at: 4, count: 4),
      let entries = number(at: directory, count: 2)
    else { return nil }
    for entry in 0..<entries {
      let place = directory + 2 + entry * entrySize
      guard let tag = number(at: place, count: 2) else { return nil }
      guard tag == Self.tag else { continue }
      guard
        number(at: place + 2, count: 2) == shortNumber,
        let value = number(at: place + 8, count: 2)
      else { return nil }
      return Orientation(rawValue: UInt16(value))
    }
    return nil
  }
}
