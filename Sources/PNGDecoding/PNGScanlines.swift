import CZlib

/// Decodes the common kinds of PNG files several times faster than libpng:
/// grey, RGB and RGBA of 8 bits, not interlaced.
///
/// Checks all that libpng checks, and leaves every other or damaged file to it.
package enum PNGScanlines {
  /// The most compressed bytes that are gathered in memory.
  private static let largestCount = 1 << 26
  /// Bytes that are inflated at a time, at least.
  private static let chunkSize = 1 << 16
  private static let signatureCount = 8

  /// Hands over every row, alpha left out; false when the file is not for this
  /// decoder, and the rows must then be forgotten.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, whose header is known to be right.
  ///   - width: Pixels of a row.
  ///   - height: Rows.
  ///   - channels: Bytes that are stored for a pixel: 1, 3 or 4.
  ///   - row: Takes the bytes of the next row, 1 or 3 a pixel.
  package static func read(
    _ bytes: UnsafeRawBufferPointer, width: Int, height: Int, channels: Int,
    row: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Bool {
    guard let input = compressedPixels(bytes) else { return false }
    defer { input.deallocate() }
    return input.withMemoryRebound(to: UInt8.self) { input in
      guard let start = input.baseAddress else { return false }
      return readRows(
        WindowedInflater(start, count: input.count - WindowedInflater.padding),
        width: width, height: height, channels: channels, row: row)
    }
  }

  /// The contents of all data chunks, then zeros; nil when a chunk is damaged
  /// or unusual.
  private static func compressedPixels(
    _ bytes: UnsafeRawBufferPointer
  ) -> UnsafeMutableRawBufferPointer? {
    guard let chunks = dataChunks(bytes) else { return nil }
    let count = chunks.reduce(0) { $0 + $1.count }
    guard count <= largestCount else { return nil }
    let pixels = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count + WindowedInflater.padding, alignment: 16)
    var offset = 0
    for chunk in chunks {
      UnsafeMutableRawBufferPointer(rebasing: pixels[offset...]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[chunk]))
      offset += chunk.count
    }
    for index in offset..<pixels.count { pixels[index] = 0 }
    return pixels
  }

  /// Where the contents of the data chunks are, their checksums being right.
  private static func dataChunks(
    _ bytes: UnsafeRawBufferPointer
  ) -> [Range<Int>]? {
    var data: [Range<Int>] = []
    var offset = signatureCount
    while bytes.count - offset >= 12 {
      func number(at offset: Int) -> Int {
        Int(
          UInt32(
            bigEndian: bytes.loadUnaligned(
              fromByteOffset: offset, as: UInt32.self)))
      }
      let count = number(at: offset)
      guard count <= bytes.count - offset - 12 else { return nil }
      let content = offset + 8..<offset + 8 + count
      func isRight() -> Bool {
        let checked = UnsafeRawBufferPointer(
          rebasing: bytes[content.lowerBound - 4..<content.upperBound])
        let checksum = crc32_z(
          0, checked.bindMemory(to: UInt8.self).baseAddress, checked.count)
        return checksum == UInt(number(at: content.upperBound))
      }
      switch number(at: offset + 4) {
      case 0x4948_4452:  // IHDR
        guard offset == signatureCount, isRight() else { return nil }
      case 0x4944_4154:  // IDAT
        // Nothing may stand between two of them.
        guard
          data.last.map({ $0.upperBound + 4 == offset }) ?? true, isRight()
        else { return nil }
        data.append(content)
      case 0x4945_4e44:  // IEND
        return count == 0 && isRight() && !data.isEmpty ? data : nil
      case let kind:
        // Only chunks that say they can be passed over, by a small letter
        // first, are.
        guard kind & 0x2000_0000 != 0 else { return nil }
      }
      offset = content.upperBound + 4
    }
    return nil
  }

  private static func readRows(
    _ inflater: consuming WindowedInflater, width: Int, height: Int,
    channels: Int, row: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Bool {
    let unfilter = RowUnfilter(width: width, channels: channels)
    defer { unfilter.deallocate() }
    let rowBytes = width * channels + 1

    // The window: what matches may reach back to, then what comes next.
    let limit =
      WindowedInflater.reach
      + max(chunkSize, unfilter.rowCount * rowBytes)
    let window = UnsafeMutableBufferPointer<UInt8>.allocate(
      capacity: limit + WindowedInflater.slack + RowUnfilter.margin)
    defer { window.deallocate() }
    window.initialize(repeating: 0)
    guard let memory = window.baseAddress else { return false }
    var opaque = [UInt8](repeating: 0, count: width * 3)

    var position = 0
    var consumed = 0
    var rowsLeft = height
    while rowsLeft > 0 {
      let rows = min(unfilter.rowCount, rowsLeft)
      guard position - consumed >= rows * rowBytes else {
        guard !inflater.isAtEnd else { return false }
        let kept = max(0, min(consumed, position - WindowedInflater.reach))
        memory.update(from: memory + kept, count: position - kept)
        position -= kept
        consumed -= kept
        guard
          inflater.inflate(
            into: memory, position: &position, limit: limit)
        else { return false }
        continue
      }
      guard unfilter.unfilter(memory + consumed, count: rows) else {
        return false
      }
      for index in 0..<rows {
        let pixels = unfilter.row(index)
        if channels == 4 {
          drop(alpha: pixels, into: &opaque)
          opaque.withUnsafeBufferPointer(row)
        } else {
          row(pixels)
        }
      }
      consumed += rows * rowBytes
      rowsLeft -= rows
    }
    // The stream must end with the last row.
    if !inflater.isAtEnd {
      guard
        position == consumed,
        inflater.inflate(
          into: memory, position: &position, limit: position + 1)
      else { return false }
    }
    return inflater.isAtEnd && position == consumed
  }

  private static func drop(
    alpha pixels: UnsafeBufferPointer<UInt8>, into opaque: inout [UInt8]
  ) {
    for pixel in 0..<pixels.count / 4 {
      for channel in 0..<3 {
        opaque[pixel * 3 + channel] = pixels[pixel * 4 + channel]
      }
    }
  }
}
