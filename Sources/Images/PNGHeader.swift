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

  private let orientation: Orientation

  /// Whether the automatic color mode gives RGB.
  package var isColor: Bool {
    colorType != .grey && colorType != .greyAlpha
  }

  /// What matters of it once the pixels are decoded.
  var picture: PictureHeader {
    PictureHeader(
      format: .png, storedSize: size, isColor: isColor,
      bitDepth: max(bitDepth, 8), orientation: orientation)
  }

  /// The bytes before the first chunk.
  static let signature: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10]
  /// Signature and header chunk.
  static let byteCount = 33

  /// Reads and checks the header.
  ///
  /// - Throws: `FileFault.malformed` also when so small a file cannot hold so
  ///   many pixels, so that memory is only taken for what was sent.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    func damaged(_ problem: String) -> FileFault {
      PictureFormat.png.damaged(problem, path: path)
    }
    guard bytes.count >= Self.byteCount else {
      throw damaged("file is cut short")
    }
    func number(at offset: Int) -> Int {
      Int(
        UInt32(
          bigEndian: bytes.loadUnaligned(
            fromByteOffset: offset, as: UInt32.self)))
    }
    guard !bytes[12..<16].elementsEqual("CgBI".utf8) else {
      throw FileFault.malformed(
        path: path,
        problem: "the PNG file is of Apple's own kind (CgBI), for iOS alone",
        remedy: "convert it, as by: xcrun pngcrush"
          + " -revert-iphone-optimizations FILE NEW")
    }
    guard
      number(at: 8) == 13, bytes[12..<16].elementsEqual("IHDR".utf8),
      let colorType = ColorType(rawValue: bytes[25]),
      colorType.bitDepths.contains(Int(bytes[24])),
      bytes[26] == 0, bytes[27] == 0, bytes[28] <= 1,
      number(at: 16) > 0, number(at: 20) > 0
    else { throw damaged("header is damaged") }
    size = PixelSize(width: number(at: 16), height: number(at: 20))
    bitDepth = Int(bytes[24])
    self.colorType = colorType
    isInterlaced = bytes[28] == 1

    try PictureHeader.check(size, .png, path: path)
    let bits = size.width * size.height * colorType.channels * bitDepth
    guard bits / 8 <= bytes.count * Deflate.largestRatio else {
      throw damaged("file is too small for the \(size) pixels it promises")
    }
    orientation = Self.orientation(bytes)
  }

  /// What the chunk eXIf says, if it stands before the pixels.
  private static func orientation(
    _ bytes: UnsafeRawBufferPointer
  ) -> Orientation {
    var offset = byteCount
    while offset + 12 <= bytes.count {
      let count = Int(
        UInt32(
          bigEndian: bytes.loadUnaligned(
            fromByteOffset: offset, as: UInt32.self)))
      let name = bytes[offset + 4..<offset + 8]
      guard
        count <= bytes.count - offset - 12, !name.elementsEqual("IDAT".utf8)
      else { break }
      if name.elementsEqual("eXIf".utf8) {
        return Orientation(
          exif: UnsafeRawBufferPointer(
            rebasing: bytes[offset + 8..<offset + 8 + count]))
      }
      offset += 12 + count
    }
    return .upright
  }
}
