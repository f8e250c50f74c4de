import CZlib
import Execution
import Foundation
import Testing

@testable import Images

@Suite("Fast PNG decoding beside libpng")
struct FastPNGTests {
  /// What one of the decoders makes of a file; nil when it refuses.
  private func means(
    _ data: Data, _ size: PixelSize?,
    _ decode: (UnsafeRawBufferPointer, PNGHeader, inout AreaMeans) -> Bool
  ) throws -> [Float]? {
    try data.withUnsafeBytes { bytes in
      let header = try PNGHeader(bytes, path: "")
      var means = AreaMeans(
        header: header.picture, target: size ?? header.size)
      return decode(bytes, header, &means) ? means.finish() : nil
    }
  }

  private func fast(_ data: Data, _ size: PixelSize? = nil) throws -> [Float]? {
    try means(data, size) { $2.add(scanlinesOf: $0, header: $1) }
  }

  private func libpng(
    _ data: Data, _ size: PixelSize? = nil
  ) throws -> [Float]? {
    try means(data, size) {
      (try? LibPNG.read($0, header: $1, into: &$2)) != nil
    }
  }

  @Test("it takes the common kinds, and gives the same pixels")
  func kinds() throws {
    for fixture in PNGFixture.all {
      let isCommon =
        fixture.bitDepth == 8 && !fixture.isInterlaced
        && [.grey, .rgb, .rgbAlpha].contains(fixture.colorType)
      let description = Comment(rawValue: fixture.description)
      #expect(
        try fast(fixture.data()) == (isCommon ? fixture.values : nil),
        description)
      #expect(try libpng(fixture.data()) == fixture.values, description)
    }
  }

  /// Rows with every filter, of content that compresses well, badly or not.
  private func filteredRows(
    _ fixture: PNGFixture, using random: inout SeededGenerator
  ) -> [UInt8] {
    let count = fixture.width * fixture.colorType.channels
    var rows: [UInt8] = []
    for _ in 0..<fixture.height {
      rows.append(UInt8(random.next() % 5))
      let kind = random.next() % 4
      let period = Int(random.next() % 40) + 1
      for place in 0..<count {
        switch kind {
        case 0: rows.append(0)
        case 1: rows.append(UInt8(truncatingIfNeeded: random.next()))
        case 2 where place >= period: rows.append(rows[rows.count - period])
        default: rows.append(UInt8(random.next() % 3))
        }
      }
    }
    return rows
  }

  private func compressed(
    _ bytes: [UInt8], level: Int32, strategy: Int32, windowBits: Int32 = 15
  ) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, level, Z_DEFLATED, windowBits, 8, strategy, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count * 2 + 1000)
    let space = UInt32(output.count)
    return input.withUnsafeMutableBufferPointer { input in
      let written = output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = space
        deflate(&stream, Z_FINISH)
        return Int(space - stream.avail_out)
      }
      return Array(output.prefix(written))
    }
  }

  @Test("every way to compress larger pictures gives the same pixels")
  func compressionWays() throws {
    var random = SeededGenerator(seed: 13)
    let strategies = [
      Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED,
    ]
    for (width, height) in [(301, 203), (1, 700), (2000, 3), (64, 64)] {
      for colorType in [PNGHeader.ColorType.grey, .rgb, .rgbAlpha] {
        let fixture = PNGFixture(
          width: width, height: height, colorType: colorType)
        let rows = filteredRows(fixture, using: &random)
        for strategy in strategies {
          for level in [0, 1, 6, 9] as [Int32] {
            let data = fixture.data(
              dataChunks: 3,
              compressed: compressed(rows, level: level, strategy: strategy))
            let pixels = try fast(data)
            #expect(pixels != nil)
            #expect(try pixels == libpng(data))
            let size = PixelSize(width: 5, height: 3)
            #expect(try fast(data, size) == libpng(data, size))
          }
        }
        let small = fixture.data(
          compressed: compressed(
            rows, level: 9, strategy: Z_DEFAULT_STRATEGY, windowBits: 9))
        #expect(try fast(small) == libpng(small))
      }
    }
  }

  @Test("it takes no damaged file that libpng refuses, and reads none wrong")
  func damage() throws {
    var random = SeededGenerator(seed: 17)
    var taken = 0
    for round in 0..<4000 {
      let fixture = PNGFixture(
        width: Int(random.next() % 40) + 1, height: Int(random.next() % 40) + 1,
        colorType: [.grey, .rgb, .rgbAlpha][round % 3])
      var rows = filteredRows(fixture, using: &random)
      if round % 5 == 0 {
        rows.removeLast(Int(random.next() % 3))
      } else if round % 5 == 1 {
        rows[0] = UInt8(random.next() % 8)
      }
      var pixels = compressed(
        rows, level: Int32(random.next() % 10),
        strategy: Int32(random.next() % 5))
      // The checksum of the chunk is made afterwards, so that it is right.
      if round % 5 > 1 {
        for _ in 0..<random.next() % 3 {
          let place = Int(random.next() % UInt64(pixels.count))
          switch random.next() % 3 {
          case 0: pixels[place] ^= 1 << (random.next() % 8)
          case 1: pixels.remove(at: place)
          default: pixels.append(UInt8(random.next() % 256))
          }
          if pixels.isEmpty { pixels = [0] }
        }
      }
      let data = fixture.data(compressed: pixels)
      guard let values = try? fast(data) else { continue }
      #expect(try libpng(data) == values)
      taken += 1
    }
    #expect(taken > 1000)
  }
}
