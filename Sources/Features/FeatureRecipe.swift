import Datasets
import Diagnostics
import Images

/// Which numbers stand for a sample.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum FeatureKind: String, CaseIterable, Codable, Hashable, Sendable {
  /// The grey or colour values of every pixel, 0...1.
  case pixels
  /// Histograms of oriented gradients (Dalal and Triggs 2005).
  case hog
}

/// How features are to be made, before the data is known.
public struct FeatureRecipe: Hashable, Sendable {
  /// Which numbers stand for an image; tables take the default, `pixels`.
  public var kind: FeatureKind
  /// What images are shrunk to; nil means 64x64 for image files and leaves
  /// arrays as they are.
  public var size: PixelSize?
  /// What files are shrunk to when `size` is nil.
  package var fileSize = ImageFiles.defaultSize
  /// Automatic is grey when every image is, RGB otherwise.
  public var color: ColorMode

  /// By default: pixels, of the usual size, grey or RGB as the images are.
  public init(
    kind: FeatureKind = .pixels, size: PixelSize? = nil,
    color: ColorMode = .automatic
  ) {
    self.kind = kind
    self.size = size
    self.color = color
  }

  /// The recipe with size and colour decided for the images of a category.
  ///
  /// - Throws: `FeatureFault`, or what reading an image's header throws.
  package func extractor(for category: DatasetCategory) throws
    -> FeatureExtractor
  {
    let shape = try category.imageShape(
      size: size, fileSize: fileSize, color: color)
    guard shape != nil || kind == .pixels && size == nil && color == .automatic
    else {
      throw FeatureFault.notImages(category: category.name)
    }
    return try FeatureExtractor(
      kind: kind, imageShape: shape, table: category.train.tableFeatures)
  }
}
