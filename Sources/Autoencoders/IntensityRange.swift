import LinearAlgebra

extension Autoencoder {
  /// What interpolation may make of intensities from 0 to 1.
  private static let intensities: ClosedRange<Float> = -0.5...1.5
  /// Images that are looked at, and read at a time.
  private static let probedImages = 1024
  private static let blockSize = 64

  /// Refuses images that no network makes, as their intensities are far from
  /// 0...1; a thousand of them are looked at.
  ///
  /// - Throws: `AutoencoderFault.unusableRange`, and what the source throws.
  package static func checkIntensities(of images: any SampleSource) throws {
    let step = max(1, images.rows / probedImages)
    let rows = Array(stride(from: 0, to: images.rows, by: step))
    var (lowest, highest) = (Float.infinity, -Float.infinity)
    for start in stride(from: 0, to: rows.count, by: blockSize) {
      let block = rows[start..<min(start + blockSize, rows.count)]
      for value in try images.matrix(ofRows: Array(block)).values
      where value.isFinite {
        lowest = min(lowest, value)
        highest = max(highest, value)
      }
    }
    guard lowest <= highest else { return }
    guard intensities.contains(lowest), intensities.contains(highest) else {
      throw AutoencoderFault.unusableRange(lowest: lowest, highest: highest)
    }
  }
}
