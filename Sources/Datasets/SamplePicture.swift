import Foundation
import Images
import LinearAlgebra

extension SampleSet {
  /// A sample as people see it, files in their own size; nil when it is a row
  /// of a table.
  ///
  /// Intensities of arrays that do not keep to 0...1 are brought there by their
  /// own range.
  ///
  /// - Parameters:
  ///   - index: The place in the set.
  ///   - side: A longer side than this is shrunk to it.
  /// - Throws: What reading the file or the array throws.
  public func picture(at index: Int, side: Int? = nil) throws -> RasterImage? {
    if let file = try files?.pictures[index].open() {
      let size = try PictureFile.header(of: file).size
      return try PictureFile.decode(file, size: size.fitting(side))
    }
    guard let imageShape else { return nil }
    let values = try source.matrix(ofRows: [index]).values
    return RasterImage(shape: imageShape, values: visible(values)).fitting(side)
  }
}

extension RasterImage {
  /// The picture, shrunk where a side is longer than `side`.
  public func fitting(_ side: Int?) -> RasterImage {
    resized(to: size.fitting(side))
  }
}

extension PixelSize {
  fileprivate func fitting(_ side: Int?) -> PixelSize {
    let longest = max(width, height)
    guard let side, longest > side else { return self }
    return PixelSize(
      width: max(1, width * side / longest),
      height: max(1, height * side / longest))
  }
}

/// Values within 0...1; what is not finite becomes 0.
private func visible(_ values: [Float]) -> [Float] {
  let finite = values.filter(\.isFinite)
  var lowest = finite.min() ?? 0
  var width = (finite.max() ?? 1) - lowest
  if lowest >= 0, lowest + width <= 1 { (lowest, width) = (0, 1) }
  return values.map { $0.isFinite ? ($0 - lowest) / max(width, 1e-30) : 0 }
}
