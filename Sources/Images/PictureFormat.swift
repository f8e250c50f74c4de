import Diagnostics
import Files
import Foundation

/// A format of picture files, which their first bytes tell.
package enum PictureFormat: String, CaseIterable, Sendable {
  case png = "PNG"
  case jpeg = "JPEG"
  case bmp = "BMP"
  case gif = "GIF"
  case tiff = "TIFF"
  case webP = "WebP"
  case heic = "HEIC"
  case avif = "AVIF"
  case jpeg2000 = "JPEG 2000"
  case jpegXL = "JPEG XL"

  /// Whether pictures of the format can be read.
  package var isRead: Bool { [.png, .jpeg, .bmp].contains(self) }

  /// How the names of such files end, in lower case.
  private var endings: [String] {
    switch self {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    case .bmp: ["bmp", "dib"]
    case .gif: ["gif"]
    case .tiff: ["tif", "tiff"]
    case .webP: ["webp"]
    case .heic: ["heic", "heif"]
    case .avif: ["avif"]
    case .jpeg2000: ["jp2", "j2k"]
    case .jpegXL: ["jxl"]
    }
  }

  /// The format of files whose names end so, in capitals or not.
  package init?(ending: String) {
    let ending = ending.lowercased()
    let format = Self.allCases.first { $0.endings.contains(ending) }
    guard let format else { return nil }
    self = format
  }

  /// The bytes that are looked at.
  private static let probed = 32

  /// The format that the bytes of a file start like, also when they are the
  /// first few of a PNG file.
  package init?(of bytes: UnsafeRawBufferPointer) {
    let start = Array(bytes.prefix(Self.probed))
    func begins(_ text: String, at offset: Int = 0) -> Bool {
      start.dropFirst(offset).starts(with: text.utf8)
    }
    if !start.isEmpty,
      PNGHeader.signature.starts(with: start.prefix(PNGHeader.signature.count))
    {
      self = .png
    } else if start.starts(with: [0xff, 0xd8]) {
      self = .jpeg
    } else if begins("BM") {
      self = .bmp
    } else if begins("GIF8") {
      self = .gif
    } else if begins("II*\0") || begins("MM\0*") || begins("II+\0")
      || begins("MM\0+")
    {
      self = .tiff
    } else if begins("RIFF"), begins("WEBP", at: 8) {
      self = .webP
    } else if begins("ftyp", at: 4) {
      self = begins("avi", at: 8) ? .avif : .heic
    } else if begins("jP  ", at: 4) || start.starts(with: [0xff, 0x4f]) {
      self = .jpeg2000
    } else if begins("JXL ", at: 4) || start.starts(with: [0xff, 0x0a]) {
      self = .jpegXL
    } else {
      return nil
    }
  }

  /// The format of a file, by its first bytes; nil when they tell none.
  ///
  /// - Throws: `FileFault.unreadable`.
  package init?(at url: URL) throws {
    let format = try MappedFile(url).withBytes { PictureFormat(of: $0) }
    guard let format else { return nil }
    self = format
  }

  /// The formats that are read, for people.
  package static let readNames = "PNG, JPEG or BMP"

  /// What to do about pictures that cannot be read.
  package static func conversion(of path: String) -> FaultMessage {
    let ending = (path as NSString).pathExtension
    return "convert it, as by: mogrify -format png"
      + " \(ending.isEmpty ? "FILE" : "*.\(ending)")"
  }
}
