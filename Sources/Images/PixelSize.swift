/// The size of a picture in pixels.
public struct PixelSize: Codable, Hashable, Sendable, CustomStringConvertible {
  public var width: Int
  public var height: Int

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
