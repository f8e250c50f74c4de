import Diagnostics
import LinearAlgebra

/// Why a detector cannot fit or score.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum DetectorFault: Fault, Hashable {
  /// There are not enough rows to learn from.
  case tooFewSamples(count: Int, needed: Int)
  /// The samples have no columns.
  case noFeatures
  /// A value is NaN or infinite; row and column count from zero.
  case nonFiniteValue(row: Int, column: Int)
  /// The model was fitted to another number of columns.
  case wrongFeatureCount(actual: Int, expected: Int)
  /// The fit would take more memory than it may; both in bytes.
  case exceedsMemoryBudget(needed: Int, budget: Int, remedy: FaultMessage)
  /// The samples are not known to be pictures.
  case needsImages
  /// The fit would have to gather the samples of all processes of a run in each.
  case notShared
  /// The mathematics has no answer for these samples.
  case noSolution(problem: FaultMessage, remedy: FaultMessage)

  public var kind: FaultKind {
    switch self {
    case .exceedsMemoryBudget, .needsImages, .notShared: .usage
    case .tooFewSamples, .noFeatures, .nonFiniteValue, .wrongFeatureCount,
      .noSolution:
      .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .tooFewSamples(let count, _): "too few training samples: \(count)"
    case .noFeatures: "the samples have no features"
    case .nonFiniteValue: "a value is not a finite number"
    case .wrongFeatureCount(let actual, let expected):
      "the samples have \(actual) features, the model expects \(expected)"
    case .exceedsMemoryBudget(let needed, let budget, _):
      "the fit needs \(inWords(needed, .up)), the memory budget is"
        + " \(inWords(budget, .down))"
    case .needsImages: "the detector sees pictures, not tables"
    case .notShared: "the detector needs all samples in one process"
    case .noSolution(let problem, _): problem
    }
  }

  public var place: String? {
    switch self {
    case .nonFiniteValue(let row, let column): "row \(row), column \(column)"
    case .tooFewSamples, .noFeatures, .wrongFeatureCount, .exceedsMemoryBudget,
      .needsImages, .notShared, .noSolution:
      nil
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .tooFewSamples(_, let needed):
      "give at least \(needed) training sample\(needed == 1 ? "" : "s")"
    case .noFeatures: "give at least one feature a row"
    case .nonFiniteValue: "remove the row or replace the value"
    case .wrongFeatureCount:
      "prepare the samples as for the fit, or fit the model again"
    case .exceedsMemoryBudget(_, _, let remedy): remedy
    case .needsImages:
      "give pictures as they are, with pixels as \(option: "features")"
    case .notShared:
      "run it without mpirun, or another one: those that `anomaly detectors`"
        + " marks as shared"
    case .noSolution(_, let remedy): remedy
    }
  }
}

/// An amount of memory in MiB, where it is small in KiB or bytes.
private func inWords(
  _ bytes: Int, _ rounding: FloatingPointRoundingRule
) -> String {
  func count(_ unit: Int) -> Int {
    Int((Double(bytes) / Double(unit)).rounded(rounding))
  }
  return switch bytes {
  case 10 << 20 ... .max: "\(count(1 << 20)) MiB"
  case 10 << 10 ... .max: "\(count(1 << 10)) KiB"
  default: "\(bytes) byte\(bytes == 1 ? "" : "s")"
  }
}

extension Matrix {
  /// - Throws: `DetectorFault.nonFiniteValue`.
  func checkFinite() throws {
    if let (row, column) = firstNonFinite() {
      throw DetectorFault.nonFiniteValue(row: row, column: column)
    }
  }
}
