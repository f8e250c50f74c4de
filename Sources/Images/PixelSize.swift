/// The size of a picture in pixels.
public struct PixelSize: Codable, Hashable, Sendable, CustomStringConvertible {
  /// Pixels from left to right.
  public var width: Int
  /// Pixels from top to bottom.
  public var height: Int

  /// In pixels; nothing is checked.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// As many pixels wide as high.
  public init(square side: Int) {
    self.init(width: side, height: side)
  }

  public var description: String { "\(width) x \(height)" }
}
