import Diagnostics
import Execution
import Files
import Foundation

/// Reads picture files, PNG, JPEG or BMP, as their first bytes tell.
///
/// Pictures come upright, as EXIF tells how the camera was held. Alpha and
/// transparency are dropped, 16-bit pictures keep their precision, neither
/// gamma nor colour profile is applied: what Pillow's
/// `exif_transpose(...).convert("RGB")` does. A picture that is shrunk is never
/// in memory whole, but for the coefficients of a progressive JPEG.
public enum PictureFile {
  /// What the header of a file says; pixels are not decoded.
  ///
  /// - Throws: `FileFault`.
  package static func header(of file: MappedFile) throws -> PictureHeader {
    try file.withBytes { try decoder(of: $0, path: file.url.path).header }
  }

  /// The picture, resampled to `size` when that is given.
  ///
  /// - Throws: `FileFault` when the file cannot be read, is damaged or of
  ///   another format; `ImageFault.invalidSize`.
  public static func decode(
    _ url: URL, size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> RasterImage {
    try decode(MappedFile(url), size: size, color: color)
  }

  /// The same of a file that is open.
  package static func decode(
    _ file: MappedFile, size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> RasterImage {
    try file.withBytes {
      try decode($0, path: file.url.path, size: size, color: color)
    }
  }

  /// The picture in the bytes of a file.
  ///
  /// - Parameters:
  ///   - data: The whole file.
  ///   - name: What faults call the file.
  ///   - size: What the picture is resampled to; nil keeps its size.
  ///   - color: Which channels are kept.
  /// - Throws: As `decode(_:size:color:)` for a file.
  public static func decode(
    _ data: Data, name: String = "data", size: PixelSize? = nil,
    color: ColorMode = .automatic
  ) throws -> RasterImage {
    try data.withUnsafeBytes {
      try decode($0, path: name, size: size, color: color)
    }
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, size: PixelSize?,
    color: ColorMode
  ) throws -> RasterImage {
    let decoder = try decoder(of: bytes, path: path)
    let size = size ?? decoder.header.size
    try size.checkForResampling()
    let isColor = color == .automatic ? decoder.header.isColor : color == .rgb
    let shape = ImageShape(
      height: size.height, width: size.width, channels: isColor ? 3 : 1)
    let values = try [Float](unsafeUninitializedCapacity: shape.count) {
      values, count in
      try decode(by: decoder, shape: shape, into: values)
      count = shape.count
    }
    return RasterImage(shape: shape, values: values)
  }

  /// Decodes into memory for `shape.count` values.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, shape: ImageShape,
    into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    try decode(
      by: try decoder(of: bytes, path: path), shape: shape, into: values)
  }

  private static func decode(
    by decoder: any PictureDecoder, shape: ImageShape,
    into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    let orientation = decoder.header.orientation
    let target = PixelSize(width: shape.width, height: shape.height)
    let means = try decoder.means(for: orientation.turned(target))
    let stored = ImageShape(
      height: means.size.height, width: means.size.width,
      channels: decoder.header.isColor ? 3 : 1)
    let size = orientation.turned(means.size)
    let grid = ImageShape(
      height: size.height, width: size.width, channels: stored.channels)
    orientation.turned(means.finish(), of: stored).withUnsafeBufferPointer {
      Resampling.convert($0, of: grid, into: values, of: shape)
    }
  }

  /// Who decodes the bytes, by what they start with.
  private static func decoder(
    of bytes: UnsafeRawBufferPointer, path: String
  ) throws -> any PictureDecoder {
    switch PictureFormat(of: bytes) {
    case .png: return try PNGDecoder(bytes, path: path)
    case .jpeg: return try JPEGDecoder(bytes, path: path)
    case .bmp: return try BMPDecoder(bytes, path: path)
    case let format?:
      throw FileFault.malformed(
        path: path,
        problem: "the picture is a \(format.rawValue) file, not"
          + " \(PictureFormat.readNames)",
        remedy: PictureFormat.conversion(of: path))
    case nil:
      throw FileFault.malformed(
        path: path,
        problem: bytes.isEmpty
          ? "the picture is an empty file"
          : "not a picture: neither PNG, JPEG nor BMP",
        remedy: "copy the picture again from its source")
    }
  }
}

/// Reads the pixels of one file, whose bytes must outlive it.
protocol PictureDecoder {
  var header: PictureHeader { get }

  /// The pixels, shrunk to a size of the stored picture where that is smaller.
  func means(for target: PixelSize) throws -> AreaMeans
}
