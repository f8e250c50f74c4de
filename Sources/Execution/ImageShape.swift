import Files

/// The sizes of an image whose pixels are one row of a matrix: row by row, the
/// channels of a pixel side by side.
public struct ImageShape: Codable, Hashable, Sendable {
  /// Pixels from top to bottom.
  public var height: Int
  /// Pixels from left to right.
  public var width: Int
  /// 1 for grey, 3 for RGB.
  public var channels: Int

  /// Sizes in pixels, 1 or 3 channels; nothing is checked.
  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  private enum CodingKeys: CodingKey {
    case height
    case width
    case channels
  }

  /// - Throws: `DecodingError` for sizes that no image has.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    height = try container.decode(Int.self, forKey: .height)
    width = try container.decode(Int.self, forKey: .width)
    channels = try container.decode(Int.self, forKey: .channels)
    guard min(height, width, channels) > 0,
      let count = elementCount([height, width, channels]), count <= 1 << 30
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .height, in: container, debugDescription: "no image's shape")
    }
  }

  /// The number of matrix columns that one image takes.
  public var count: Int { height * width * channels }
}
