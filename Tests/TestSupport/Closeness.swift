import Testing

/// How far a value may be from what was expected.
package enum Tolerance {
  case absolute(Double)
  /// A fraction of what was expected.
  case relative(Double)
}

/// Checks that there are as many values as expected, one at least, each close
/// to its own.
package func expectClose<
  Value: BinaryFloatingPoint, Other: BinaryFloatingPoint
>(
  _ values: some Collection<Value>, _ expected: some Collection<Other>,
  within tolerance: Tolerance = .relative(1e-4),
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    values.count == expected.count && !expected.isEmpty,
    sourceLocation: sourceLocation)
  for (place, (value, expected)) in zip(values, expected).enumerated() {
    let (value, expected) = (Double(value), Double(expected))
    let bound =
      switch tolerance {
      case .absolute(let bound): bound
      case .relative(let fraction): fraction * abs(expected)
      }
    #expect(
      abs(value - expected) <= bound, "at place \(place)",
      sourceLocation: sourceLocation)
  }
}
