import Diagnostics

/// Why pictures that can be read cannot be used as asked.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ImageFault: Fault, Hashable {
  /// A size to resample to that has no pixels, or too many.
  case invalidSize(PixelSize)
  /// Pictures that must be of one size are not.
  case differentSizes(
    path: String, size: PixelSize, otherPath: String, otherSize: PixelSize)

  public var kind: FaultKind {
    switch self {
    case .invalidSize: .usage
    case .differentSizes: .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .invalidSize(let size): "\(size) pixels is no size for a picture"
    case .differentSizes(_, let size, let otherPath, let otherSize):
      "the picture is \(size) pixels, but \(otherPath) is \(otherSize)"
    }
  }

  public var place: String? {
    switch self {
    case .invalidSize: nil
    case .differentSizes(let path, _, _, _): path
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .invalidSize: "use 1 to \(PixelSize.longestSide) pixels a side"
    case .differentSizes:
      "resample all to one size, as \(option: "size", 64) does"
    }
  }
}

extension PixelSize {
  /// The longest side that pictures are resampled to.
  static let longestSide = 16_384

  /// - Throws: `ImageFault.invalidSize`.
  package func checkForResampling() throws {
    let sides = 1...Self.longestSide
    guard sides.contains(width), sides.contains(height) else {
      throw ImageFault.invalidSize(self)
    }
  }
}
