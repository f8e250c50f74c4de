/// Which channels of a picture are kept.
public enum ColorMode: String, Codable, CaseIterable, Sendable {
  /// Grey pictures stay grey, all others become RGB.
  case automatic
  /// One channel; of colour pictures the luma of ITU-R BT.601.
  case grey
  /// Three channels; of grey pictures three times the same.
  case rgb
}
