/// What may be done to all samples, those that are learned from and those that
/// are scored, without a change in which of them are stranger than which.
public struct Invariance: OptionSet, Hashable, Sendable {
  /// One bit for each.
  public let rawValue: Int

  /// Those whose bits are set.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// A number of its own is added to every feature.
  public static let shift = Self(rawValue: 1)
  /// All features are multiplied by one positive number.
  public static let scale = Self(rawValue: 2)
  /// Each feature is multiplied by a positive number of its own.
  public static let featureScales = Self(rawValue: 6)
}
