import Files
import Foundation

/// Reads and writes PNG files.
public enum PNG {}

extension PNG {
  /// What the header of a file says; pixels are not decoded.
  ///
  /// - Throws: `FileFault`.
  public static func header(at url: URL) throws -> PNGHeader {
    throw FileFault.unreadable(path: url.path, reason: "not written yet")
  }

  /// The picture, shrunk or enlarged to `size` when that is given.
  ///
  /// Alpha and transparency are dropped; 16-bit intensities keep their
  /// precision.
  ///
  /// - Throws: `FileFault`.
  public static func decode(
    _ url: URL, size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> Image {
    throw FileFault.unreadable(path: url.path, reason: "not written yet")
  }

  /// Writes the picture with 8 bits a channel, grey or RGB.
  ///
  /// - Throws: `FileFault.unwritable`.
  public static func write(_ image: Image, to url: URL) throws {
    throw FileFault.unwritable(path: url.path, reason: "not written yet")
  }
}
