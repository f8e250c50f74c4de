import Parameters

/// The width of the Gaussian kernel exp(-gamma · |x - y|²).
public enum Gamma: Hashable, Sendable {
  /// 1 / (features · variance of all elements), or 1 where that variance is
  /// zero.
  case scale
  /// 1 / features.
  case auto
  /// The given number; positive.
  case value(Double)
}

extension Gamma: LosslessStringConvertible {
  /// Reads `scale`, `auto` or a number.
  public init?(_ text: String) {
    switch text {
    case "scale": self = .scale
    case "auto": self = .auto
    default:
      guard let value = Double(text) else { return nil }
      self = .value(value)
    }
  }

  public var description: String {
    switch self {
    case .scale: "scale"
    case .auto: "auto"
    case .value(let value): "\(value)"
    }
  }
}

extension ParameterDomain<Gamma> {
  static var gamma: ParameterDomain {
    ParameterDomain("scale, auto or a number above 0") { gamma in
      if case .value(let value) = gamma {
        value > 0 && value.isFinite
      } else {
        true
      }
    }
  }
}

extension Gamma: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let gamma = Gamma(text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "gamma is neither scale, auto nor a number"))
    }
    self = gamma
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
