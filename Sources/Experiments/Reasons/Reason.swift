/// What one column has to do with the score of a row.
public struct Reason: Hashable, Sendable {
  /// How a value lies to the usual ones.
  public enum Direction: String, Codable, Sendable {
    /// Higher than usual.
    case above
    /// Lower than usual.
    case below
    /// Among the usual ones: it is strange beside the other columns.
    case within
  }

  /// The name of the column; its number, counted from 0, where it has none.
  public var column: String
  /// The row's value, in the units of the table.
  public var value: Double
  /// The 5 % and 95 % quantiles of the training rows.
  public var usual: ClosedRange<Double>
  /// The part of the score that is due to the column, from 0 to 1; those of a
  /// row add up to 1.
  public var share: Double

  /// On which side of the usual values the row's lies.
  public var direction: Direction {
    value > usual.upperBound
      ? .above : value < usual.lowerBound ? .below : .within
  }
}
