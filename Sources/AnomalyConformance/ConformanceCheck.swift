import Detectors

/// A promise that every detector and every model keeps, and how to see whether
/// one does.
///
/// A package with a detector of its own runs all of them in a test:
///
///     import AnomalyConformance
///     import Testing
///
///     @Test(arguments: ConformanceCheck.all)
///     func nearestNeighbor(check: ConformanceCheck) throws {
///       try check(NearestNeighbor(k: 3))
///     }
///
/// The detector is fitted to tables of up to 5,000 rows and 10 columns, many
/// times, so give it hyper-parameters with which a fit takes a moment.
public struct ConformanceCheck: Sendable, CustomStringConvertible {
  /// The promise, as a statement of fact.
  public let description: String
  private let body: @Sendable (any Detector) throws -> Void

  init(
    _ description: String,
    _ body: @escaping @Sendable (any Detector) throws -> Void
  ) {
    self.description = description
    self.body = body
  }

  /// - Throws: `ConformanceViolation` when the detector breaks the promise;
  ///   any fault of a fit or of scores that should have succeeded.
  public func callAsFunction(_ detector: any Detector) throws {
    try body(detector)
  }

  /// Every check, the plainest first.
  public static let all: [ConformanceCheck] =
    [
      .parameters, .parameterEnds, .scores, .variety, .planted, .learning,
      .reproducibility, .repetition, .permutation, .batch, .order, .duplicates,
      .invariance,
      .streaming, .memoryBudget, .localization, .saving, .editedModel,
      .emptyInput, .oneRow, .nonFiniteValues, .wrongFeatureCount, .cancellation,
      .cancellationUnderWay, .cancelledScoring,
    ] + UnusualSamples.all.map(ConformanceCheck.unusualSamples)
}

/// How a detector breaks a promise.
public struct ConformanceViolation: Error, CustomStringConvertible {
  /// In one sentence.
  public let description: String
}

/// Throws the violation unless the condition holds.
func require(
  _ condition: Bool, _ violation: @autoclosure () -> String
) throws {
  guard condition else {
    throw ConformanceViolation(description: violation())
  }
}

/// Throws a violation unless the work fails with the right error.
func requireFailure(
  _ expected: String, of work: String, _ body: () throws -> Void,
  where isRight: (any Error) -> Bool
) throws {
  do {
    try body()
  } catch {
    return try require(
      isRight(error), "\(work) throws \(error) instead of \(expected)")
  }
  try require(false, "\(work) does not throw \(expected)")
}

/// The same for a fault of which every detail is known.
func requireFault(
  _ expected: DetectorFault, of work: String, _ body: () throws -> Void
) throws {
  try requireFailure("DetectorFault: \(expected)", of: work, body) {
    $0 as? DetectorFault == expected
  }
}
