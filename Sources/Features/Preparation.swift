import Datasets
import Images
import Parameters

/// What becomes of samples before a detector sees them.
public struct Preparation: Hashable, Sendable {
  /// What samples are described by; pixels, or a table's columns, by default.
  public var features: FeatureRecipe
  /// Nil is the default of the data: `standard` for tables, `none` for images.
  public var scaler: Scaler?

  /// By default: usual features, and the usual scale of the data.
  public init(
    features: FeatureRecipe = FeatureRecipe(), scaler: Scaler? = nil
  ) {
    self.features = features
    self.scaler = scaler
  }

  /// With what the settings say of it.
  ///
  /// - Throws: `ParameterFault.impossible`.
  public init(_ settings: ParameterSettings) throws {
    self.init()
    try settings.apply(Self.parameters, to: &self)
  }

  /// What can be set, in the order of the help.
  public static let parameters: [Parameter<Preparation>] = [
    Parameter(
      "features", \.features.kind, .choice, "what images are described by"),
    Parameter(
      "size", \.features.size,
      ParameterDomain(
        "pixels a side, 1 to 4096",
        read: { Int($0).map { PixelSize(square: $0) } },
        text: { $0.width == $0.height ? "\($0.width)" : "\($0)" },
        contains: { 1...4096 ~= $0.width && 1...4096 ~= $0.height }),
      "shrink images to this many pixels a side",
      unset:
        "\(ImageFiles.defaultSize.width) for picture files, arrays as they are"),
    Parameter(
      "color", \.features.color, .choice,
      "automatic (grey when every image is), grey or rgb"),
    Parameter(
      "scaler", \.scaler, .choice, "scale of the columns",
      unset: "standard for tables, else none"),
  ]
}
