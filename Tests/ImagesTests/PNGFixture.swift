import CZlib
import Foundation

@testable import Images

/// A PNG file of any kind, encoded here so that the decoder under test is not
/// its own judge.
struct PNGFixture {
  var width = 9
  var height = 7
  var bitDepth = 8
  var colorType = PNGHeader.ColorType.rgb
  var isInterlaced = false
  var hasTransparency = false

  /// The colours that palette indices stand for.
  static let palette: [[UInt16]] = (0..<256).map { index in
    [37, 101, 11].map { UInt16(index * $0 % 256) }
  }

  /// The stored numbers of a pixel.
  func samples(_ x: Int, _ y: Int) -> [UInt16] {
    let limit = 1 << bitDepth
    return (0..<colorType.channels).map { channel in
      let value =
        bitDepth == 16
        ? x * 7919 + y * 104_729 + channel * 12_345
        : x * 13 + y * 29 + channel * 71 + x * y
      return UInt16(value % limit)
    }
  }

  /// The intensities of a pixel: one or three.
  func intensities(_ x: Int, _ y: Int) -> [Float] {
    let samples = samples(x, y)
    let white = Float((1 << bitDepth) - 1)
    switch colorType {
    case .palette: return Self.palette[Int(samples[0])].map { Float($0) / 255 }
    case .grey, .greyAlpha: return [Float(samples[0]) / white]
    case .rgb, .rgbAlpha: return samples[..<3].map { Float($0) / white }
    }
  }

  /// What the file decodes to with automatic colour.
  var values: [Float] {
    (0..<height).flatMap { y in (0..<width).flatMap { intensities($0, y) } }
  }

  var description: String {
    "\(width)x\(height) \(bitDepth)-bit \(colorType)"
      + (isInterlaced ? " interlaced" : "")
      + (hasTransparency ? " with tRNS" : "")
  }

  // MARK: Bytes

  static let signature: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10]

  static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(value >> $0 & 0xff) }
  }

  static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bigEndian(content.count) + body
      + bigEndian(Int(crc32(0, body, UInt32(body.count))))
  }

  static func compressed(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
    var count = compressBound(UInt(bytes.count))
    var target = [UInt8](repeating: 0, count: Int(count))
    compress2(&target, &count, bytes, UInt(bytes.count), level)
    return Array(target.prefix(Int(count)))
  }

  var headerChunk: [UInt8] {
    Self.chunk(
      "IHDR",
      Self.bigEndian(width) + Self.bigEndian(height)
        + [UInt8(bitDepth), colorType.rawValue, 0, 0, isInterlaced ? 1 : 0])
  }

  /// The filtered rows of all passes, not yet compressed.
  var filteredRows: [UInt8] {
    guard isInterlaced else {
      return filteredRows(of: Adam7Pass(x: 0, y: 0, columnStep: 1, rowStep: 1))
    }
    return Adam7Pass.all.flatMap { filteredRows(of: $0) }
  }

  private func filteredRows(of pass: Adam7Pass) -> [UInt8] {
    let columns = stride(from: pass.x, to: width, by: pass.columnStep)
    guard pass.x < width else { return [] }
    let distance = max(1, colorType.channels * bitDepth / 8)
    var result: [UInt8] = []
    var above: [UInt8] = []
    for (index, y) in stride(from: pass.y, to: height, by: pass.rowStep)
      .enumerated()
    {
      let row = packed(columns.flatMap { samples($0, y) })
      if above.isEmpty { above = [UInt8](repeating: 0, count: row.count) }
      let filter = index % 5
      result.append(UInt8(filter))
      for place in row.indices {
        let a = place < distance ? 0 : Int(row[place - distance])
        let b = Int(above[place])
        let c = place < distance ? 0 : Int(above[place - distance])
        let paeth = [a, b, c].min {
          abs(a + b - c - $0) < abs(a + b - c - $1)
        }
        let prediction = [0, a, b, (a + b) / 2, paeth ?? 0][filter]
        result.append(row[place] &- UInt8(prediction))
      }
      above = row
    }
    return result
  }

  /// The numbers of a row, as many in a byte as fit.
  private func packed(_ samples: [UInt16]) -> [UInt8] {
    guard bitDepth < 16 else {
      return samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }
    let perByte = 8 / bitDepth
    return stride(from: 0, to: samples.count, by: perByte).map { start in
      (0..<perByte).reduce(UInt8(0)) { byte, offset in
        let sample =
          start + offset < samples.count ? samples[start + offset] : 0
        return byte << bitDepth | UInt8(sample)
      }
    }
  }

  /// The chunks between the header and the pixels.
  var paletteChunks: [UInt8] {
    var chunks: [UInt8] = []
    if colorType == .palette {
      chunks += Self.chunk(
        "PLTE",
        Self.palette.prefix(1 << bitDepth).flatMap { $0.map(UInt8.init) }
      )
    }
    if hasTransparency {
      switch colorType {
      case .palette: chunks += Self.chunk("tRNS", [0, 128])
      case .grey: chunks += Self.chunk("tRNS", [0, 1])
      default: chunks += Self.chunk("tRNS", [0, 1, 0, 2, 0, 3])
      }
    }
    return chunks
  }

  /// The file, its pixels spread over `dataChunks` chunks.
  func data(dataChunks: Int = 1, compressed: [UInt8]? = nil) -> Data {
    let pixels = compressed ?? Self.compressed(filteredRows)
    let size = max(1, (pixels.count + dataChunks - 1) / dataChunks)
    let parts = stride(from: 0, to: pixels.count, by: size).flatMap {
      Self.chunk("IDAT", Array(pixels[$0..<min($0 + size, pixels.count)]))
    }
    return Data(
      Self.signature + headerChunk + paletteChunks + parts
        + Self.chunk("IEND", []))
  }

  /// One fixture of every kind that the standard knows.
  static var all: [PNGFixture] {
    let depths: [(PNGHeader.ColorType, [Int])] = [
      (.grey, [1, 2, 4, 8, 16]), (.rgb, [8, 16]), (.palette, [1, 2, 4, 8]),
      (.greyAlpha, [8, 16]), (.rgbAlpha, [8, 16]),
    ]
    var fixtures: [PNGFixture] = []
    for (colorType, depths) in depths {
      for bitDepth in depths {
        for isInterlaced in [false, true] {
          for (width, height) in [(1, 1), (3, 2), (5, 9), (37, 21)] {
            var fixture = PNGFixture(
              width: width, height: height, bitDepth: bitDepth,
              colorType: colorType, isInterlaced: isInterlaced)
            fixtures.append(fixture)
            if [.grey, .rgb, .palette].contains(colorType) {
              fixture.hasTransparency = true
              fixtures.append(fixture)
            }
          }
        }
      }
    }
    return fixtures
  }
}
