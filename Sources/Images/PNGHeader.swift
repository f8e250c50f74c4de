/// What the header of a PNG file says.
public struct PNGHeader: Hashable, Sendable {
  /// How a pixel is stored.
  public enum ColorType: UInt8, CaseIterable, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgbAlpha = 6
  }

  public let size: PixelSize
  /// Bits for one channel, or for one palette index: 1, 2, 4, 8 or 16.
  public let bitDepth: Int
  public let colorType: ColorType
  /// Whether the pixels come in the seven passes of Adam7.
  public let isInterlaced: Bool

  /// Whether the automatic color mode gives RGB.
  public var isColor: Bool {
    colorType != .grey && colorType != .greyAlpha
  }
}
