import CPNG
import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import PNGDecoding

/// Reads and writes PNG files.
///
/// Reading drops alpha and transparency, keeps the precision of 16-bit
/// pictures, and applies neither gamma nor colour profile: what Pillow's
/// `convert("RGB")` does. A picture that is shrunk is never in memory whole.
public enum PNG {
  /// What the header of a file says; pixels are not decoded.
  ///
  /// - Throws: `FileFault`.
  package static func header(at url: URL) throws -> PNGHeader {
    try MappedFile(url).withBytes { try PNGHeader($0, path: url.path) }
  }

  /// The picture, resampled to `size` when that is given.
  ///
  /// - Throws: `FileFault` when the file cannot be read, is damaged or is no
  ///   PNG file; `ImageFault.invalidSize`.
  public static func decode(
    _ url: URL, size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> RasterImage {
    try MappedFile(url).withBytes {
      try decode($0, path: url.path, size: size, color: color)
    }
  }

  /// The picture in the bytes of a PNG file.
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
    let header = try PNGHeader(bytes, path: path)
    let size = size ?? header.size
    try size.checkForResampling()
    let isColor = color == .automatic ? header.isColor : color == .rgb
    let shape = ImageShape(
      height: size.height, width: size.width, channels: isColor ? 3 : 1)
    let values = try [Float](unsafeUninitializedCapacity: shape.count) {
      values, count in
      try decode(bytes, path: path, shape: shape, into: values)
      count = shape.count
    }
    return RasterImage(shape: shape, values: values)
  }

  /// Who decodes the pixels; all give the same.
  package enum Decoder: Sendable {
    /// The package's own decoder for the common kinds of files, libpng for all
    /// others and for those that the former doubts.
    case fastest
    case libpng

    /// `ANOMALY_PNG=libpng` in the environment leaves all to libpng.
    package static let standard: Decoder =
      ProcessInfo.processInfo.environment["ANOMALY_PNG"] == "libpng"
      ? .libpng : .fastest
  }

  /// Decodes into memory for `shape.count` values.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, shape: ImageShape,
    into values: UnsafeMutableBufferPointer<Float>,
    by decoder: Decoder = .standard
  ) throws {
    let header = try PNGHeader(bytes, path: path)
    let target = PixelSize(width: shape.width, height: shape.height)
    var means = AreaMeans(header: header, target: target)
    if decoder == .libpng || !means.add(scanlinesOf: bytes, header: header) {
      means = AreaMeans(header: header, target: target)
      do {
        try LibPNG.read(bytes, header: header, into: &means)
      } catch let problem as LibPNG.Problem {
        throw FileFault.malformed(
          path: path,
          problem: "the PNG file is damaged or cut short: \(problem.words)",
          remedy: "copy the picture again from its source")
      }
    }
    let grid = ImageShape(
      height: means.size.height, width: means.size.width,
      channels: header.isColor ? 3 : 1)
    means.finish().withUnsafeBufferPointer {
      Resampling.convert($0, of: grid, into: values, of: shape)
    }
  }

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
