import Execution
import Images

extension DatasetCategory {
  /// The shape that all images of the category are brought to; nil for a
  /// table.
  ///
  /// - Parameters:
  ///   - size: Nil keeps the size of arrays.
  ///   - fileSize: Stands for `size` nil where images are files; nil keeps
  ///     their size, which must then be one.
  ///   - color: Automatic keeps the channels of arrays, and is grey for files
  ///     when all are, RGB otherwise.
  /// - Throws: `ImageFault`; what reading a file's header throws.
  package func imageShape(
    size: PixelSize?, fileSize: PixelSize? = nil, color: ColorMode
  ) throws -> ImageShape? {
    if let files = train.files {
      return try PictureFile.commonShape(
        of: files.pictures + (test.files?.pictures ?? []),
        size: size ?? fileSize,
        color: color)
    }
    try size?.checkForResampling()
    guard let shape = train.imageShape else { return nil }
    let channels =
      switch color {
      case .grey: 1
      case .rgb: 3
      case .automatic: shape.channels
      }
    return ImageShape(
      height: size?.height ?? shape.height, width: size?.width ?? shape.width,
      channels: channels)
  }
}
