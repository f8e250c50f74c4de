import Foundation

/// Decodes a PNG file: the common kinds by code of the package's own, all
/// others, and those that this doubts, by libpng, which gives the same.
struct PNGDecoder: PictureDecoder {
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private let png: PNGHeader
  private let isFast: Bool

  /// `ANOMALY_PNG=libpng` in the environment leaves all to libpng.
  private static let isFastAllowed =
    ProcessInfo.processInfo.environment["ANOMALY_PNG"] != "libpng"

  init(
    _ bytes: UnsafeRawBufferPointer, path: String,
    isFast: Bool = isFastAllowed
  ) throws {
    self.bytes = bytes
    self.path = path
    self.isFast = isFast
    png = try PNGHeader(bytes, path: path)
  }

  var header: PictureHeader { png.picture }

  func means(for target: PixelSize) throws -> AreaMeans {
    var means = AreaMeans(header: header, target: target)
    if isFast, means.add(scanlinesOf: bytes, header: png) { return means }
    means = AreaMeans(header: header, target: target)
    do {
      try LibPNG.read(bytes, header: png, into: &means)
    } catch let problem as LibPNG.Problem {
      throw PictureFormat.png.damaged(
        "file is damaged or cut short: \(problem.words)", path: path)
    }
    return means
  }
}
