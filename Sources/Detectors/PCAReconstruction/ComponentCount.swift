import Parameters

/// How many principal components to keep.
public enum ComponentCount: Codable, Hashable, Sendable {
  /// So many, from 1 through the smaller of rows and columns.
  case count(Int)
  /// The fewest whose variance together exceeds this fraction of the whole,
  /// between 0 and 1; as scikit-learn's `PCA(n_components=0.9)`.
  case varianceFraction(Double)
  /// By the broken-stick rule: the leading components each of whose variance
  /// exceeds the expected length of its piece when a stick is broken at
  /// random into as many pieces as there are directions with variance
  /// (Frontier 1976; Jackson 1993). May be none: then only the mean is kept.
  case automatic
  /// Every direction with variance.
  case all

  /// Reads `64`, `0.9`, `auto` or `all`; nil for any other text.
  public init?(_ text: String) {
    if text == "auto" {
      self = .automatic
    } else if text == "all" {
      self = .all
    } else if let count = Int(text) {
      self = .count(count)
    } else if let fraction = Double(text) {
      self = .varianceFraction(fraction)
    } else {
      return nil
    }
  }

  /// The number of components to keep of those with these variances, which
  /// fall and are not zero.
  func resolved(forVariances variances: [Double]) -> Int {
    switch self {
    case .count(let count):
      return min(count, variances.count)
    case .all:
      return variances.count
    case .varianceFraction(let fraction):
      let total = variances.reduce(0, +)
      var sum = 0.0
      let enough = variances.firstIndex {
        sum += $0
        return sum / total > fraction
      }
      return enough.map { $0 + 1 } ?? variances.count
    case .automatic:
      let total = variances.reduce(0, +)
      let count = variances.count
      // The expected k-th longest of p pieces is the sum of 1/i, i from k
      // through p, divided by p.
      var pieces = [Double](repeating: 0, count: count + 1)
      for index in (0..<count).reversed() {
        pieces[index] = pieces[index + 1] + 1 / Double(index + 1)
      }
      return variances.indices.firstIndex {
        variances[$0] / total <= pieces[$0] / Double(count)
      } ?? count
    }
  }
}

extension ParameterDomain<ComponentCount> {
  static var componentCount: ParameterDomain {
    ParameterDomain("a count, a fraction of the variance below 1, auto or all")
    {
      count in
      switch count {
      case .count(let count): ParameterDomain<Int>.counts.contains(count)
      case .varianceFraction(let fraction): fraction > 0 && fraction < 1
      case .automatic, .all: true
      }
    }
  }
}

extension ComponentCount: LosslessStringConvertible {
  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .varianceFraction(let fraction): "\(fraction)"
    case .automatic: "auto"
    case .all: "all"
    }
  }
}
