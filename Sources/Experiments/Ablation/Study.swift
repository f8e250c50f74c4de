import Datasets
import Foundation

/// What is to be run and how it is to be told: datasets, a baseline, and what
/// varies around it.
///
/// Read from YAML with `init(contentsOf:)`.
public struct Study: Sendable {
  /// How the varying factors are put together.
  public enum Design: String, CaseIterable, Sendable {
    /// Every value with every other.
    case grid
    /// One factor at a time, the others as in the baseline.
    case oneAtATime = "one-at-a-time"
  }

  /// One dataset of the study.
  public struct Source: Sendable {
    /// The file or folder, as a command would name it.
    public var path: String
    /// How it is read; the layout is recognised unless told.
    public var options = DatasetOptions()
    /// Puts all categories into one.
    public var isPooled = false
    /// The line of the study that names it.
    public var line: Int
  }

  /// A factor and its values; `baseline` is one of them.
  public struct Variation: Hashable, Sendable {
    /// Its name, such as `detector` or `n-clusters`.
    public var factor: String
    /// As text, each once.
    public var values: [String]
    /// The value that it has while another factor varies.
    public var baseline: String
  }

  /// The two directions of a table: names of factors, `dataset` or
  /// `category`.
  public struct TableLayout: Hashable, Sendable {
    /// What each row stands for a combination of.
    public var rows: [String]
    /// What each column stands for a combination of.
    public var columns: [String]

    /// Names of varying factors, `dataset` or `category`.
    public init(rows: [String], columns: [String]) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// The heading of the report; the stem of the file's name unless told.
  public var name: String
  /// The file it was read from.
  public var path: String
  /// What every setting is run on.
  public var datasets: [Source]
  /// What all runs begin from; the baselines of the varying factors included.
  public var baseline: StudySetting
  /// The factors that vary, in the order of the study.
  public var variations: [Variation]
  /// Grid unless told otherwise.
  public var design: Design
  /// What every setting is run with; 0 alone unless told otherwise.
  public var seeds: [UInt64]
  /// What the report shows; unless told, the first two factors of a grid, and
  /// each factor by category.
  public var tables: [TableLayout]

  /// The most runs of one study.
  public static let runLimit = 10_000

  /// Every combination that the design asks for, the baseline among them, each
  /// once: a factor that a detector does not have makes no difference to it.
  public var settings: [StudySetting] {
    let combinations: [StudySetting] =
      switch design {
      case .grid:
        variations.reduce([baseline]) { settings, variation in
          settings.flatMap { setting in
            variation.values.map { setting.with(variation.factor, $0) }
          }
        }
      case .oneAtATime:
        [baseline]
          + variations.flatMap { variation in
            variation.values.map { baseline.with(variation.factor, $0) }
          }
      }
    return combinations.map(factors.canonical).uniqued()
  }

  /// What can be set and vary.
  let factors: StudyFactors

  /// The baseline without what makes no difference to its detector.
  package var canonicalBaseline: StudySetting { factors.canonical(baseline) }

  /// The values of a setting, the detector first.
  package func ordered(
    _ setting: StudySetting
  ) -> [(factor: String, value: String)] {
    factors.ordered(setting)
  }
}

/// The values of all factors in one run; the data and the seed are not among
/// them.
public struct StudySetting: Codable, Hashable, Sendable {
  /// By the name of the factor, such as `detector` or `n-clusters`.
  public var values: [String: String]

  /// By the name of the factor; nothing is checked.
  public init(_ values: [String: String]) {
    self.values = values
  }

  /// Nil for a factor that keeps its default or makes no difference.
  public subscript(factor: String) -> String? { values[factor] }

  func with(_ factor: String, _ value: String) -> StudySetting {
    var setting = self
    setting.values[factor] = value
    return setting
  }
}
