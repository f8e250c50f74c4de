/// The sizes of an image whose pixels are one row of a matrix: row by row, the
/// channels of a pixel side by side.
public struct ImageShape: Codable, Hashable, Sendable {
  public var height: Int
  public var width: Int
  /// 1 for grey, 3 for RGB.
  public var channels: Int

  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The number of matrix columns that one image takes.
  public var count: Int { height * width * channels }
}
