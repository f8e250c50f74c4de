import Diagnostics
import Files
import Foundation

/// What the header of a PNG file says.
package struct PNGHeader: Hashable, Sendable {
  /// How a pixel is stored.
  package enum ColorType: UInt8, CaseIterable, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgbAlpha = 6

    /// Numbers stored for a pixel.
    package var channels: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgbAlpha: 4
      }
    }

    fileprivate var bitDepths: [Int] {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
      }
    }
  }

  package let size: PixelSize
  /// Bits for one channel, or for one palette index: 1, 2, 4, 8 or 16.
  package let bitDepth: Int
  package let colorType: ColorType
  /// Whether the pixels come in the seven passes of Adam7.
  package let isInterlaced: Bool

  /// Whether the automatic color mode gives RGB.
  package var isColor: Bool {
    colorType != .grey && colorType != .greyAlpha
  }

  /// The most pixels that a picture may have along a side.
  package static let longestSide = 65_536
  /// The most pixels that a picture may have.
  package static let largestPixelCount = 1 << 28

  /// The bytes before the first chunk.
  static let signature: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10]
  /// Signature and header chunk.
  static let byteCount = 33

  /// Reads and checks the header.
  ///
  /// - Throws: `FileFault.malformed` also when so small a file cannot hold so
  ///   many pixels, so that memory is only taken for what was sent.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    func malformed(_ problem: FaultMessage, _ remedy: FaultMessage) -> FileFault
    {
      .malformed(path: path, problem: problem, remedy: remedy)
    }
    let copyAgain: FaultMessage = "copy the picture again from its source"
    guard !bytes.isEmpty else {
      throw malformed("the PNG file is empty", copyAgain)
    }
    guard bytes.starts(with: Self.signature) else {
      if Self.signature.starts(with: bytes.prefix(Self.signature.count)) {
        throw malformed("the PNG file is cut short", copyAgain)
      }
      let format = Self.foreignFormat(of: bytes)
      throw malformed(
        "not a PNG file\(format.map { " but a \($0) file" } ?? "")",
        format == nil ? copyAgain : "convert the picture to PNG")
    }
    guard bytes.count >= Self.byteCount else {
      throw malformed("the PNG file is cut short", copyAgain)
    }
    func number(at offset: Int) -> Int {
      Int(
        UInt32(
          bigEndian: bytes.loadUnaligned(
            fromByteOffset: offset, as: UInt32.self)))
    }
    guard
      number(at: 8) == 13, bytes[12..<16].elementsEqual("IHDR".utf8),
      let colorType = ColorType(rawValue: bytes[25]),
      colorType.bitDepths.contains(Int(bytes[24])),
      bytes[26] == 0, bytes[27] == 0, bytes[28] <= 1,
      number(at: 16) > 0, number(at: 20) > 0
    else { throw malformed("the PNG header is damaged", copyAgain) }
    size = PixelSize(width: number(at: 16), height: number(at: 20))
    bitDepth = Int(bytes[24])
    self.colorType = colorType
    isInterlaced = bytes[28] == 1

    guard
      max(size.width, size.height) <= Self.longestSide,
      size.width * size.height <= Self.largestPixelCount
    else {
      throw malformed(
        "the PNG header promises \(size) pixels",
        "use pictures of at most \(Self.largestPixelCount >> 20) megapixels"
          + " and \(Self.longestSide) pixels a side")
    }
    let bits = size.width * size.height * colorType.channels * bitDepth
    guard bits / 8 <= bytes.count * Deflate.largestRatio else {
      throw malformed(
        "the PNG file is too small for the \(size) pixels it promises",
        copyAgain)
    }
  }

  /// The name of the picture format that the bytes start like.
  private static func foreignFormat(
    of bytes: UnsafeRawBufferPointer
  ) -> String? {
    let starts: [(String, [UInt8])] = [
      ("JPEG", [0xff, 0xd8, 0xff]), ("GIF", Array("GIF8".utf8)),
      ("BMP", Array("BM".utf8)), ("TIFF", [0x49, 0x49, 0x2a, 0]),
      ("TIFF", [0x4d, 0x4d, 0, 0x2a]), ("WebP", Array("RIFF".utf8)),
    ]
    return starts.first { bytes.starts(with: $0.1) }?.0
  }
}
