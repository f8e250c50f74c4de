import Execution
import Images
import TestSupport

extension TemporaryFolder {
  /// Writes small grey pictures.
  func writeImages(_ paths: [String]) throws {
    let image = RasterImage(shape: ImageShape(height: 2, width: 3, channels: 1))
    for path in paths { try write(try PNG.data(of: image), to: path) }
  }
}
