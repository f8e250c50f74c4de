import CZlib
import Testing

@testable import PNGDecoding

@Suite("Rows of PNG files, without libpng")
struct PNGScanlinesTests {
  /// A file of unfiltered rows.
  private func file(
    _ rows: [[UInt8]], channels: Int
  ) -> [UInt8] {
    var packed = [UInt8](repeating: 0, count: 1 << 16)
    var count = UInt(packed.count)
    let raw: [UInt8] = rows.flatMap { [0] + $0 }
    compress2(&packed, &count, raw, UInt(raw.count), 9)
    let colorType: [Int: UInt8] = [1: 0, 3: 2, 4: 6]
    return [137, 80, 78, 71, 13, 10, 26, 10]
      + chunk(
        "IHDR",
        bytes(UInt32(rows[0].count / channels)) + bytes(UInt32(rows.count))
          + [8, colorType[channels] ?? 0, 0, 0, 0])
      + chunk("IDAT", Array(packed.prefix(Int(count)))) + chunk("IEND", [])
  }

  private func bytes(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + content
    return bytes(UInt32(content.count)) + checked
      + bytes(UInt32(crc32_z(0, checked, checked.count)))
  }

  private func read(
    _ file: [UInt8], width: Int, height: Int, channels: Int
  ) -> [[UInt8]]? {
    var rows: [[UInt8]] = []
    let isRead = file.withUnsafeBytes {
      PNGScanlines.read(
        $0, width: width, height: height, channels: channels
      ) { rows.append(Array($0)) }
    }
    return isRead ? rows : nil
  }

  @Test("rows come as they were stored, alpha left out", arguments: [1, 3, 4])
  func rows(channels: Int) {
    let rows: [[UInt8]] = (0..<50).map { y in
      (0..<70 * channels).map { UInt8(truncatingIfNeeded: $0 * 5 + y * y) }
    }
    let opaque = rows.map { row in
      channels < 4
        ? row
        : row.indices.filter { $0 % 4 < 3 }.map { row[$0] }
    }
    #expect(
      read(
        file(rows, channels: channels), width: 70, height: 50,
        channels: channels) == opaque)
  }

  @Test("a file changed anywhere is refused")
  func damage() {
    let whole = file([[1, 2, 3], [4, 5, 6]], channels: 1)
    #expect(read(whole, width: 3, height: 2, channels: 1) != nil)
    for place in 8..<whole.count {
      var damaged = whole
      damaged[place] ^= 0x40
      #expect(read(damaged, width: 3, height: 2, channels: 1) == nil)
      #expect(
        read(Array(whole[..<place]), width: 3, height: 2, channels: 1) == nil)
    }
  }
}
