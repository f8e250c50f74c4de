import Datasets
import Diagnostics
import Foundation
import Groups
import Parameters

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
    /// How many groups of alike samples have a model of their own; nil is
    /// automatic for a pool and off otherwise.
    public var grouping: Grouping?
    /// The line of the study that names it.
    var line = 1

    /// By default: the categories apart, read as the path tells.
    public init(
      path: String, options: DatasetOptions = DatasetOptions(),
      isPooled: Bool = false
    ) {
      self.path = path
      self.options = options
      self.isPooled = isPooled
    }
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

  /// A study that is put together in code.
  ///
  /// - Parameters:
  ///   - name: What tables and pages call it.
  ///   - datasets: Where the samples are.
  ///   - baseline: Values of factors, by the names of the command's options;
  ///     `detector` is one of them.
  ///   - varying: The factors that vary, with their values as text. One without
  ///     a place in the baseline has its first value there.
  ///   - design: How they are put together.
  ///   - seeds: Those of every run.
  ///   - tables: Nil makes the usual ones.
  ///   - catalog: Where the detectors are found.
  /// - Throws: `ParameterFault` and `ExperimentFault.unknownDetector` for
  ///   factors and values that are not there.
  public init(
    name: String, datasets: [Source], baseline: [String: String] = [:],
    varying: KeyValuePairs<String, [String]>, design: Design = .grid,
    seeds: [UInt64] = [0], tables: [TableLayout]? = nil,
    catalog: DetectorCatalog = .standard
  ) throws {
    let factors = StudyFactors(catalog)
    var setting = baseline
    let variations = varying.compactMap { factor, values in
      values.first.map { first in
        let base = baseline[factor] ?? first
        setting[factor] = base
        return Variation(
          factor: factor, values: ([base] + values).uniqued(), baseline: base)
      }
    }
    let given = baseline.map { ($0, [$1]) } + varying.map { ($0, $1) }
    let detectors = given.filter { $0.0 == StudyFactors.detector }
      .flatMap(\.1)
    for (name, values) in given {
      guard let factor = factors[name] else {
        throw ParameterFault.unknown(
          OptionName(text: name), owner: "a study", owners: [])
      }
      for value in values {
        try factors.check(value, of: factor, for: detectors)
      }
    }
    self.init(
      name: name, path: name, datasets: datasets,
      baseline: StudySetting(setting), variations: variations, design: design,
      seeds: seeds, tables: [], factors: factors)
    self.tables = tables ?? usualTables
  }

  init(
    name: String, path: String, datasets: [Source], baseline: StudySetting,
    variations: [Variation], design: Design, seeds: [UInt64],
    tables: [TableLayout], factors: StudyFactors
  ) {
    self.name = name
    self.path = path
    self.datasets = datasets
    self.baseline = baseline
    self.variations = variations
    self.design = design
    self.seeds = seeds
    self.tables = tables
    self.factors = factors
  }

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

extension Study {
  /// The tables of a study that asks for none: the first two factors of a grid
  /// against each other, and every factor against the categories.
  var usualTables: [TableLayout] {
    let factors = variations.map(\.factor)
    let pair =
      design == .grid && factors.count > 1
      ? [TableLayout(rows: [factors[0]], columns: [factors[1]])] : []
    return pair
      + factors.map { TableLayout(rows: [$0], columns: ["category"]) }
  }
}
