import Foundation
import Images

/// Reads the masks of defects.
package enum DefectMaskFile {
  /// Where the defect is, 1 there and 0 elsewhere: of a file the bright pixels,
  /// or all that are not black where none is bright, as in masks that number
  /// the kinds of defects; of a folder what any of its files marks.
  ///
  /// - Parameter size: What the mask is resampled to; nil keeps its size.
  /// - Throws: The faults of reading; `DatasetFault.maskOfAnotherShape` of files
  ///   that differ in size, `.noImages` of a folder without any.
  package static func read(
    _ url: URL, size: PixelSize? = nil
  ) throws -> RasterImage {
    let files =
      url.isFolder ? try Folder(url: url).pictures() : [url]
    guard let first = files.first else {
      throw DatasetFault.noImages(path: url.path)
    }
    var mask = try marked(first)
    for file in files.dropFirst() {
      let other = try marked(file)
      guard other.size == mask.size else {
        throw DatasetFault.maskOfAnotherShape(
          path: file.path, mask: other.size, image: mask.size)
      }
      for (index, value) in other.values.enumerated() where value == 1 {
        mask.values[index] = 1
      }
    }
    guard let size else { return mask }
    try size.checkForResampling()
    return mask.resized(to: size)
  }

  private static func marked(_ url: URL) throws -> RasterImage {
    var image = try PictureFile.decode(url, color: .grey)
    let isNumbered = image.values.allSatisfy { $0 <= 0.5 }
    image.values = image.values.map { $0 > (isNumbered ? 0 : 0.5) ? 1 : 0 }
    return image
  }
}
