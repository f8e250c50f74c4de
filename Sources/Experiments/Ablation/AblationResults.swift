import Datasets
import Evaluation
import Execution

/// All runs of a study, to be put into tables.
public struct AblationResults: Sendable {
  /// A run and the samples that its scores belong to.
  public struct Entry: Sendable {
    /// With one score for every sample of `test`, or a failure.
    public var run: AblationRun
    /// The test samples, in the order of the scores.
    public var test: SampleSet

    /// Nil when the run failed.
    public var evaluation: Evaluation? {
      try? Evaluation(scores: run.scores, labels: test.labels ?? [])
    }
  }

  /// What was asked for.
  public let study: Study
  /// In the order of the datasets, categories and settings.
  public let entries: [Entry]
  /// The baseline and the setting of the best mean, by the first seed, as runs
  /// of a comparison with the pictures of their extreme samples.
  public let detailedRuns: [ComparisonRun]

  /// - Throws: `CancellationError`.
  init(study: Study, entries: [Entry], in context: RunContext) throws {
    self.study = study
    self.entries = entries
    var detailed = Self.detailedRuns(of: entries, in: study)
    let shown = ExtremeSamples.count(forRuns: detailed.count)
    var shelves: [String: SamplePictures] = [:]
    for index in detailed.indices {
      let (run, name) = (detailed[index], detailed[index].result.category)
      var shelf = shelves[name] ?? SamplePictures(of: run.test)
      try detailed[index].showExtremes(shown, from: &shelf, in: context)
      shelves[name] = shelf
    }
    detailedRuns = detailed
  }

  private static func detailedRuns(
    of entries: [Entry], in study: Study
  ) -> [ComparisonRun] {
    let bySetting = Dictionary(
      grouping: entries.map(\.run), by: \.identity.setting)
    // Settings that do not apply to all data have no mean to be compared.
    let most = bySetting.values.map(\.count).max()
    let means = study.settings.compactMap { setting in
      bySetting[setting].flatMap { $0.count == most ? AUROCSpread($0) : nil }
        .map { (setting, $0.mean) }
    }
    let best = means.max { $0.1 < $1.1 }?.0
    let baseline = study.canonicalBaseline
    return entries.compactMap { entry in
      let setting = entry.run.identity.setting
      guard entry.run.identity.seed == study.seeds.first,
        setting == best || setting == baseline,
        entry.evaluation != nil
      else { return nil }
      var result = entry.run.result
      result.detector =
        entry.run.label(in: study)
        + (setting == baseline ? " (baseline)" : "")
        + (setting == best ? " (best mean)" : "")
      return ComparisonRun(
        result: result, test: entry.test, scores: entry.run.scores)
    }
  }

  /// Those of the entries, failed ones included, in the same order.
  public var runs: [AblationRun] { entries.map(\.run) }

  /// The tables that the study asks for.
  public var tables: [AblationTable] {
    study.tables.map { AblationTable($0, of: self) }
  }

  /// What each value of each factor does while all others are as in the
  /// baseline; factors that make no difference to its detector are left out.
  package var effects: [FactorEffect] {
    let varied = study.variations.filter {
      study.factors[$0.factor]?.matters(to: study.baseline["detector"] ?? "")
        ?? false
    }
    let baseline = runs.filter {
      $0.identity.setting == study.canonicalBaseline
    }
    return varied.flatMap { variation in
      variation.values.map { value in
        let setting = study.factors.canonical(
          study.baseline.with(variation.factor, value))
        let own = runs.filter { $0.identity.setting == setting }
        // Beside the baseline on the same data, where some does not apply.
        let places = Set(
          own.map { [$0.identity.dataset, $0.identity.category] })
        return FactorEffect(
          factor: variation.factor, value: value,
          isBaseline: value == variation.baseline,
          auroc: AUROCSpread(own),
          baseline: AUROCSpread(
            baseline.filter {
              places.contains([$0.identity.dataset, $0.identity.category])
            }))
      }
    }
  }

  /// The runs that a table shows: in a grid all for which its factors make a
  /// difference, else those that differ from the baseline in its factors only.
  func entries(for layout: Study.TableLayout) -> [Entry] {
    let axes = Set(layout.rows + layout.columns)
    let others = study.variations.filter { !axes.contains($0.factor) }
    return entries.filter { entry in
      let setting = entry.run.identity.setting
      guard axes.allSatisfy({ entry.run.value(of: $0) != nil }) else {
        return false
      }
      return study.design == .grid
        || others.allSatisfy {
          setting[$0.factor] == nil || setting[$0.factor] == $0.baseline
        }
    }
  }
}

/// What a factor's value makes of the AUROC, over all categories.
package struct FactorEffect: Hashable, Sendable {
  package var factor: String
  package var value: String
  package var isBaseline: Bool
  /// Nil when a run failed.
  package var auroc: AUROCSpread?
  package var baseline: AUROCSpread?

  /// Nil when a run failed.
  package var difference: Double? {
    auroc.flatMap { auroc in baseline.map { auroc.mean - $0.mean } }
  }
}

extension AblationRun {
  /// What a run has in a direction of a table; nil where the factor makes no
  /// difference to it.
  func value(of axis: String) -> String? {
    switch axis {
    case "category": identity.category
    case "dataset": result.dataset
    default: identity.setting[axis]
    }
  }
}
