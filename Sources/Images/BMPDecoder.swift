import Diagnostics
import Files

/// Decodes an uncompressed BMP file: palettes of 1, 2, 4 and 8 bits, pixels of
/// 16, 24 and 32 with masks of their own or without, rows from either end.
///
/// Alpha is dropped.
struct BMPDecoder: PictureDecoder {
  private enum Pixels {
    /// The intensities of each entry, 256 of them.
    case palette(bits: Int, entries: [[UInt8]])
    case masks(bytes: Int, [Mask])
  }

  let header: PictureHeader
  private let bytes: UnsafeRawBufferPointer
  private let pixels: Pixels
  /// Where the upper row begins, and what leads to the next one.
  private let firstRow: Int
  private let rowStep: Int

  private static let fileHeaderSize = 14
  private static let coreHeaderSize = 12
  private static let infoHeaderSizes: Set = [40, 52, 56, 64, 108, 124]

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    func damaged(_ problem: String) -> FileFault {
      PictureFormat.bmp.damaged(problem, path: path)
    }
    func number(at offset: Int, count: Int) throws -> Int {
      guard offset >= 0, offset <= bytes.count - count else {
        throw damaged("file is cut short")
      }
      return bytes[offset..<offset + count].reversed()
        .reduce(0) { $0 << 8 | Int($1) }
    }
    func signed(at offset: Int) throws -> Int {
      Int(Int32(truncatingIfNeeded: try number(at: offset, count: 4)))
    }
    self.bytes = bytes
    let start = Self.fileHeaderSize
    let headerSize = try number(at: start, count: 4)
    let isCore = headerSize == Self.coreHeaderSize
    guard isCore || Self.infoHeaderSizes.contains(headerSize) else {
      throw damaged("header is damaged")
    }
    let width =
      try isCore ? number(at: start + 4, count: 2) : signed(at: start + 4)
    let height =
      try isCore ? number(at: start + 6, count: 2) : signed(at: start + 8)
    let depth = try number(at: start + (isCore ? 10 : 14), count: 2)
    let compression = try isCore ? 0 : number(at: start + 16, count: 4)
    guard width > 0, height != 0 else { throw damaged("header is damaged") }
    let size = PixelSize(width: width, height: abs(height))
    try PictureHeader.check(size, .bmp, path: path)

    let pixelStart = try number(at: 10, count: 4)
    let tables = start + headerSize
    switch (compression, depth) {
    case (0, 1), (0, 2), (0, 4), (0, 8):
      let entrySize = isCore ? 3 : 4
      let promised = try isCore ? 0 : number(at: start + 32, count: 4)
      let room = max(0, (pixelStart - tables) / entrySize)
      let most = 1 << depth
      let count = min(promised == 0 ? most : promised, most, room)
      var entries = try (0..<count).map { entry -> [UInt8] in
        let place = tables + entry * entrySize
        return try (0..<3).map { channel in
          UInt8(try number(at: place + 2 - channel, count: 1))
        }
      }
      // Black, as for Pillow, is what an index stands for that has no entry.
      entries += Array(repeating: [0, 0, 0], count: 256 - count)
      pixels = .palette(bits: depth, entries: entries)
    case (0, 16): pixels = .masks(bytes: 2, Mask.fiveBits)
    case (0, 24): pixels = .masks(bytes: 3, Mask.eightBits)
    case (0, 32): pixels = .masks(bytes: 4, Mask.eightBits)
    case (3, 16), (3, 32), (6, 16), (6, 32):
      // They follow the short header, or are the next words of a longer one.
      let masks = try (0..<3).map {
        Mask(try number(at: start + 40 + 4 * $0, count: 4))
      }.compactMap { $0 }
      guard masks.count == 3 else {
        throw damaged("file has color masks that are none")
      }
      pixels = .masks(bytes: depth / 8, masks)
    default:
      let names = [1: "run-length", 2: "run-length", 4: "JPEG", 5: "PNG"]
      throw FileFault.malformed(
        path: path,
        problem: compression == 0
          ? "the BMP file has \(depth) bits a pixel"
          : "the BMP file holds"
            + " \(names[compression] ?? "unknown")-compressed pixels",
        remedy: PictureFormat.conversion(of: path))
    }

    let used = (size.width * depth + 7) / 8
    let stride = (size.width * depth + 31) / 32 * 4
    guard
      pixelStart >= tables,
      pixelStart + (size.height - 1) * stride + used <= bytes.count
    else { throw damaged("file is cut short") }
    let isTopDown = height < 0
    firstRow = isTopDown ? pixelStart : pixelStart + (size.height - 1) * stride
    rowStep = isTopDown ? stride : -stride
    let isColor =
      switch pixels {
      case .masks: true
      case .palette(_, let entries):
        entries.contains { $0[0] != $0[1] || $0[1] != $0[2] }
      }
    header = PictureHeader(
      format: .bmp, storedSize: size, isColor: isColor, bitDepth: 8)
  }

  func means(for target: PixelSize) throws -> AreaMeans {
    var means = AreaMeans(header: header, target: target)
    var row: [UInt8] = []
    row.reserveCapacity(header.storedSize.width * 3)
    for y in 0..<header.storedSize.height {
      row.removeAll(keepingCapacity: true)
      read(rowAt: firstRow + y * rowStep, into: &row)
      row.withUnsafeBufferPointer { means.add(.bytes($0)) }
    }
    return means
  }

  private func read(rowAt start: Int, into row: inout [UInt8]) {
    switch pixels {
    case .palette(let bits, let entries):
      let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
      for x in 0..<header.storedSize.width {
        let place = x * bits
        let shift = 8 - bits - place % 8
        let entry = entries[Int(bytes[start + place / 8] >> shift & mask)]
        if header.isColor { row += entry } else { row.append(entry[0]) }
      }
    case .masks(let count, let masks):
      for x in 0..<header.storedSize.width {
        var pixel: UInt32 = 0
        for byte in 0..<count {
          pixel |= UInt32(bytes[start + x * count + byte]) << (8 * byte)
        }
        for mask in masks { row.append(mask.intensity(of: pixel)) }
      }
    }
  }
}

/// The bits of a pixel that are one channel.
private struct Mask {
  private let bits: UInt32
  private let shift: Int
  private let largest: UInt64

  /// Nil unless the bits are some that lie side by side.
  init?(_ bits: Int) {
    self.bits = UInt32(truncatingIfNeeded: bits)
    shift = self.bits.trailingZeroBitCount
    guard self.bits != 0 else { return nil }
    let ones = self.bits >> shift
    guard ones & (ones &+ 1) == 0 else { return nil }
    largest = UInt64(ones)
  }

  static let eightBits = [0xff0000, 0xff00, 0xff].compactMap(Mask.init)
  static let fiveBits = [0x7c00, 0x3e0, 0x1f].compactMap(Mask.init)

  /// Rounded down, as Pillow does.
  func intensity(of pixel: UInt32) -> UInt8 {
    UInt8(UInt64((pixel & bits) >> shift) * 255 / largest)
  }
}
