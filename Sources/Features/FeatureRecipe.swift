import Datasets
import Diagnostics
import Execution
import Images
import LinearAlgebra

/// Which numbers stand for a sample.
public enum FeatureKind: String, CaseIterable, Codable, Hashable, Sendable {
  /// The grey or colour values of every pixel, 0...1.
  case pixels
  /// Histograms of oriented gradients (Dalal and Triggs 2005).
  case hog
}

/// How features are to be made, before the data is known.
public struct FeatureRecipe: Codable, Hashable, Sendable {
  public var kind: FeatureKind
  /// What images are shrunk to; nil means 64x64 for image files and leaves
  /// arrays as they are.
  public var size: PixelSize?
  /// Automatic is grey when every image is, RGB otherwise.
  public var color: ColorMode

  public init(
    kind: FeatureKind = .pixels, size: PixelSize? = nil,
    color: ColorMode = .automatic
  ) {
    self.kind = kind
    self.size = size
    self.color = color
  }

  /// What image files are shrunk to when nothing is said.
  public static let defaultSize = PixelSize(square: 64)

  /// The recipe with size and colour decided for the images of a category.
  ///
  /// - Throws: `FeatureFault`, or what reading an image's header throws.
  public func extractor(for category: DatasetCategory) throws
    -> FeatureExtractor
  {
    guard case .rows(_, let imageShape) = category.train.content else {
      let images = (category.train.samples + category.test.samples)
        .compactMap(\.image)
      return try FeatureExtractor(
        kind: kind,
        imageShape: PNG.commonShape(
          of: images, size: size ?? Self.defaultSize, color: color))
    }
    guard let imageShape else {
      guard kind == .pixels, size == nil, color == .automatic else {
        throw FeatureFault.notImages(category: category.name)
      }
      return try FeatureExtractor(kind: .pixels, imageShape: nil)
    }
    let channels =
      switch color {
      case .grey: 1
      case .rgb: 3
      case .automatic: imageShape.channels
      }
    return try FeatureExtractor(
      kind: kind,
      imageShape: ImageShape(
        height: size?.height ?? imageShape.height,
        width: size?.width ?? imageShape.width, channels: channels))
  }
}
