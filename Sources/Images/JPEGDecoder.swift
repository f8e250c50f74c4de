import CJPEG
import Diagnostics
import Files

/// Decodes a JPEG file with libjpeg, row by row; those of several scans
/// (progressive) are in memory as coefficients.
final class JPEGDecoder: PictureDecoder {
  let header: PictureHeader
  private let path: String
  private let reader: UnsafeMutablePointer<guarded_jpeg_reader>

  /// The most bytes that the coefficients of several scans may take.
  private static let mostMemory = 512 << 20
  private static let blockMemory = 64 * 2

  /// - Throws: `FileFault.malformed` also when so small a file cannot hold so
  ///   many pixels.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    guard let reader = guarded_jpeg_make() else {
      throw PictureFormat.jpeg.damaged(
        "file cannot be read: out of memory", path: path)
    }
    do {
      header = try Self.header(of: bytes, by: reader, path: path)
    } catch {
      guarded_jpeg_close(reader)
      throw error
    }
    self.reader = reader
    self.path = path
  }

  deinit { guarded_jpeg_close(reader) }

  private static func header(
    of bytes: UnsafeRawBufferPointer,
    by reader: UnsafeMutablePointer<guarded_jpeg_reader>, path: String
  ) throws -> PictureHeader {
    guard
      guarded_jpeg_open(
        reader, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) != 0
    else { throw problem(of: reader, path: path) }
    func refused(_ problem: String, _ remedy: FaultMessage) -> FileFault {
      .malformed(
        path: path, problem: FaultMessage("the JPEG file \(problem)"),
        remedy: remedy)
    }
    let info = reader.pointee.info
    let size = PixelSize(
      width: Int(info.image_width), height: Int(info.image_height))
    try PictureHeader.check(size, .jpeg, path: path)
    guard info.arith_code == 0 else {
      throw refused(
        "is arithmetic-coded", PictureFormat.conversion(of: path))
    }
    let channels = Int(info.num_components)
    guard channels == 1 || channels == 3 else {
      throw refused(
        channels == 4
          ? "holds CMYK colours, for printing" : "has \(channels) channels",
        "convert it, as by: mogrify -colorspace sRGB FILE")
    }
    // A block takes a bit at least.
    let blocks = guarded_jpeg_blocks(reader)
    guard blocks <= 8 * bytes.count else {
      throw PictureFormat.jpeg.damaged(
        "file is too small for the \(size) pixels it promises", path: path)
    }
    guard
      guarded_jpeg_is_buffered(reader) == 0
        || blocks <= mostMemory / blockMemory
    else {
      throw refused(
        "of \(size) pixels has several scans, which take more than"
          + " \(mostMemory >> 20) MiB",
        "save it as a baseline JPEG, as by: mogrify -interlace none FILE")
    }
    var count = 0
    let exif = guarded_jpeg_exif(reader, &count).map {
      UnsafeRawBufferPointer(start: $0, count: count)
    }
    return PictureHeader(
      format: .jpeg, storedSize: size, isColor: channels == 3, bitDepth: 8,
      orientation: exif.map(Orientation.init) ?? .upright)
  }

  /// Why libjpeg stopped, in its own words.
  private static func problem(
    of reader: UnsafeMutablePointer<guarded_jpeg_reader>, path: String
  ) -> FileFault {
    let words = withUnsafeBytes(of: reader.pointee.problem) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard reader.pointee.is_unsupported == 0 else {
      return .malformed(
        path: path, problem: "the JPEG file is of a rare kind: \(words)",
        remedy: PictureFormat.conversion(of: path))
    }
    return PictureFormat.jpeg.damaged(
      "file is damaged or cut short: \(words)", path: path)
  }

  func means(for target: PixelSize) throws -> AreaMeans {
    var means = AreaMeans(header: header, target: target)
    guard guarded_jpeg_start(reader) != 0 else {
      throw Self.problem(of: reader, path: path)
    }
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(
      capacity: header.storedSize.width * (header.isColor ? 3 : 1))
    defer { memory.deallocate() }
    for _ in 0..<header.storedSize.height {
      guard guarded_jpeg_read_row(reader, memory.baseAddress) != 0 else {
        throw Self.problem(of: reader, path: path)
      }
      means.add(.bytes(UnsafeBufferPointer(memory)))
    }
    return means
  }
}
