import Diagnostics
import Files

/// What the header of a picture file says.
package struct PictureHeader: Hashable, Sendable {
  package let format: PictureFormat
  /// As the pixels are stored.
  let storedSize: PixelSize
  /// Whether the automatic color mode gives RGB.
  package let isColor: Bool
  /// 16 when 8 bits a channel do not hold every intensity.
  package let bitDepth: Int
  package var orientation = Orientation.upright

  /// Of the upright picture.
  package var size: PixelSize { orientation.turned(storedSize) }

  /// The most pixels that a picture may have along a side.
  package static let longestSide = 65_536
  /// The most pixels that a picture may have.
  package static let largestPixelCount = 1 << 28

  /// - Throws: `FileFault.malformed` for more pixels than are decoded.
  static func check(
    _ size: PixelSize, _ format: PictureFormat, path: String
  ) throws {
    guard
      max(size.width, size.height) <= longestSide,
      size.width * size.height <= largestPixelCount
    else {
      throw FileFault.malformed(
        path: path,
        problem: "the \(format.rawValue) header promises \(size) pixels",
        remedy: "use pictures of at most \(largestPixelCount >> 20) megapixels"
          + " and \(longestSide) pixels a side")
    }
  }
}

extension PictureFormat {
  /// Why a file of the format cannot be read.
  func damaged(_ problem: String, path: String) -> FileFault {
    .malformed(
      path: path, problem: FaultMessage("the \(rawValue) \(problem)"),
      remedy: "copy the picture again from its source")
  }
}
