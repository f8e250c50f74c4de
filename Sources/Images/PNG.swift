import CPNG
import Files
import Foundation

/// Writes PNG files, which `PictureFile` reads.
public enum PNG {
  /// Writes the picture with 8 bits a channel, grey or RGB; intensities are
  /// clamped to 0...1, and NaN is black.
  ///
  /// - Throws: `FileFault.unwritable`; the file is then as it was.
  public static func write(_ image: RasterImage, to url: URL) throws {
    try WholeFile.write(data(of: image), to: url)
  }

  /// The bytes of an 8-bit PNG file.
  ///
  /// - Parameter isQuick: Whether to save time rather than bytes.
  package static func data(
    of image: RasterImage, isQuick: Bool = false
  ) throws -> Data {
    let pixels = image.values.map {
      UInt8((min(max($0.isNaN ? 0 : $0, 0), 1) * 255).rounded())
    }
    var description = png_image()
    description.version = png_uint_32(PNG_IMAGE_VERSION)
    description.width = png_uint_32(image.shape.width)
    description.height = png_uint_32(image.shape.height)
    description.format =
      image.shape.channels == 1
      ? 0 : png_uint_32(PNG_FORMAT_FLAG_COLOR)
    if isQuick { description.flags = png_uint_32(PNG_IMAGE_FLAG_FAST) }
    // One byte for the filter of each row, and what deflate adds at worst to
    // incompressible bytes, with room for the chunks.
    let raw = pixels.count + image.shape.height
    var data = Data(count: raw + raw / 1000 + 4096)
    var count = data.count
    let isWritten = data.withUnsafeMutableBytes { memory in
      png_image_write_to_memory(
        &description, memory.baseAddress, &count, 0, pixels, 0, nil)
    }
    guard isWritten != 0 else {
      throw ImageFault.invalidSize(image.size)
    }
    return data.prefix(count)
  }
}
