import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// What is to be known of a detector without fitting it, said once: the
/// catalogue, the help, studies, warnings and tables of documentation follow.
public struct DetectorDescription: Sendable {
  /// Which detectors are run side by side when nobody chooses.
  public enum Group: String, Sendable {
    /// Suits any data and takes seconds: one of those that `all` stands for.
    case classical
    /// Sees local features of pictures, and says where in them the strange is:
    /// runs beside the classical ones where pictures are large enough.
    case local
    /// Suits some data, or takes longer: runs when it is named.
    case further
    /// Is trained in epochs.
    case network
  }

  /// The name in commands, tables and model files.
  public let name: String
  /// One line for the help.
  public let summary: String
  /// Classical unless told otherwise.
  public let group: Group
  /// The pixels a side that files of pictures are brought to when nobody says.
  ///
  /// Nil for the usual. A detector that has one sees pixels as they are, no
  /// other features.
  public let pictureSide: Int?
  /// The detector with the values that hold when nothing is set.
  public let prototype: any Detector
  /// The detector with the values that hold when nothing is set and the samples
  /// to be judged are those that are learned from, anomalies among them.
  public let amongAnomalies: any Detector
  private let growth: @Sendable (any Detector) -> FitGrowth?

  /// - Parameters:
  ///   - name: The name in commands, tables and model files.
  ///   - summary: One line for the help.
  ///   - group: Classical unless told otherwise.
  ///   - pictureSide: Of a detector that sees pictures only.
  ///   - prototype: With the values that hold when nothing is set.
  ///   - amongAnomalies: With those that hold where anomalies are among the
  ///     training samples; nil for the same.
  ///   - growth: How the time of a fit grows; nil for detectors that are always
  ///     quick.
  public init<D: Detector>(
    _ name: String, _ summary: String, group: Group = .classical,
    pictureSide: Int? = nil, prototype: D, amongAnomalies: D? = nil,
    growth: @escaping @Sendable (D) -> FitGrowth? = { _ in nil }
  ) {
    self.name = name
    self.summary = summary
    self.group = group
    self.pictureSide = pictureSide
    self.prototype = prototype
    self.amongAnomalies = amongAnomalies ?? prototype
    self.growth = { ($0 as? D).flatMap(growth) }
  }

  /// The parameters, whatever type they belong to.
  public var parameters: [ParameterDescription] {
    func describe<D: Detector>(_ detector: D) -> [ParameterDescription] {
      detector.parameters.map { ParameterDescription($0, of: detector) }
    }
    return describe(prototype)
  }

  /// The detector with those of the settings that it has.
  ///
  /// - Parameters:
  ///   - settings: By the names of parameters; those of others are passed over.
  ///   - amongAnomalies: Whether the samples to be judged are those that are
  ///     learned from. What holds then goes together: where one of it is set,
  ///     the rest is as elsewhere.
  /// - Throws: `ParameterFault.impossible`.
  public func detector(
    _ settings: ParameterSettings = [:], amongAnomalies: Bool = false
  ) throws -> any Detector {
    func make<D: Detector>(_ prototype: D) throws -> any Detector {
      var detector = prototype
      try settings.apply(prototype.parameters, to: &detector)
      return detector
    }
    let usual =
      amongAnomalies && settings.names.isDisjoint(with: namesAmongAnomalies)
      ? self.amongAnomalies : prototype
    return try make(usual)
  }

  /// The parameters that have another value where anomalies are among the
  /// training samples.
  private var namesAmongAnomalies: Set<String> {
    func values(_ detector: some Detector) -> [String: [String]] {
      Dictionary(
        uniqueKeysWithValues: detector.parameters.map {
          ($0.name, $0.values(of: detector))
        })
    }
    let usual = values(prototype)
    return Set(
      values(amongAnomalies).filter { usual[$0.key] != $0.value }.keys)
  }

  /// How the time of a fit of this detector grows; nil when it is always quick.
  public func growth(of detector: any Detector) -> FitGrowth? {
    growth(detector)
  }
}

/// How the time of a fit grows: `seconds` at 10,000 rows of 1,000 columns, with
/// the powers of rows and columns.
///
/// Measured on two cores of 2.6 GHz (see performance.md); other machines
/// differ by a factor, data by another: an order of magnitude is meant.
public struct FitGrowth: Hashable, Sendable {
  /// Of a fit to 10,000 rows of 1,000 columns.
  public var seconds: Double
  /// The exponent of the number of rows; 1, in proportion, by default.
  public var rowPower: Double
  /// The exponent of the number of columns; 1, in proportion, by default.
  public var columnPower: Double
  /// The most rows that are learned from; nil for all.
  public var rowLimit: Int?
  /// The parameters that make a fit shorter.
  public var remedies: [OptionName]

  /// By default: in proportion to rows and columns, learning from all rows.
  public init(
    seconds: Double, rowPower: Double = 1, columnPower: Double = 1,
    rowLimit: Int? = nil, remedies: [OptionName]
  ) {
    self.seconds = seconds
    self.rowPower = rowPower
    self.columnPower = columnPower
    self.rowLimit = rowLimit
    self.remedies = remedies
  }
}
