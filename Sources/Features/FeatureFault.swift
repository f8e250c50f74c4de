import Diagnostics
import Execution
import LinearAlgebra

/// Why features cannot be made.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum FeatureFault: Fault, Hashable {
  /// Image features were asked for of a table.
  case notImages(category: String)
  /// The samples are not of the kind that the model was fitted to.
  case anotherKindOfSamples(category: String, expected: String)
  /// A number of the samples that cannot be brought to a scale.
  case unusableNumber(FaultMessage, at: String)
  /// Columns that the model was fitted to are not there.
  case missingColumns([String], there: [String])
  /// An image is too small for the features.
  case imageTooSmall(ImageShape, smallest: Int)

  public var kind: FaultKind {
    switch self {
    case .notImages, .imageTooSmall: .usage
    case .anotherKindOfSamples, .unusableNumber, .missingColumns: .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .notImages: "image features of a table"
    case .anotherKindOfSamples(_, let expected):
      "the model was fitted to \(expected)"
    case .unusableNumber(let problem, _): problem
    case .missingColumns(let names, _):
      "columns that the model was fitted to are missing:"
        + " \(names.joined(separator: ", "))"
    case .imageTooSmall(let shape, _):
      "images of \(shape.width)x\(shape.height) pixels are too small"
    }
  }

  public var place: String? {
    switch self {
    case .notImages(let category), .anotherKindOfSamples(let category, _):
      category
    case .unusableNumber(_, let place): place
    case .imageTooSmall, .missingColumns: nil
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .notImages:
      "leave out \(option: "features"), \(option: "size") and"
        + " \(option: "color")"
    case .anotherKindOfSamples:
      "give data of that kind, or fit a model to this data"
    case .missingColumns(_, let names):
      "add them, or give columns those names: there are"
        + " \(names.prefix(20).joined(separator: ", "))"
    case .unusableNumber: "remove the row or replace the value"
    case .imageTooSmall(_, let smallest):
      "use \(option: "size", smallest) or more"
    }
  }
}
