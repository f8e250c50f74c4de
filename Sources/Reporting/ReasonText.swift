import Experiments
import Plots

extension Reason {
  /// Such as "x3 12.4, above 0.1 to 5.2 (71 %)".
  var inWords: String {
    "\(column) \(short(value)), \(direction.rawValue)"
      + " \(short(usual.lowerBound)) to \(short(usual.upperBound))"
      + " (\(decimal(100 * share, places: 0)) %)"
  }
}

extension [Reason] {
  /// The most columns that are told of a row.
  private static var most: Int { 3 }
  /// What has a smaller share is not told.
  private static var leastShare: Double { 0.05 }

  /// Those worth telling: the one that does most, and what comes near it.
  var leading: ArraySlice<Reason> {
    let others = dropFirst().prefix(Self.most - 1).prefix {
      $0.share >= Self.leastShare
    }
    return self[..<(others.isEmpty ? Swift.min(1, count) : others.endIndex)]
  }
}
