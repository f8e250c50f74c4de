import Evaluation

/// AUROC in two directions of a study, and which of them are as good as the
/// best.
public struct AblationTable: Sendable {
  /// How a field stands to the best that it is compared with.
  public enum Standing: Hashable, Sendable {
    /// The highest mean.
    case best
    /// Not significantly different from the best at the 5 % level: by DeLong's
    /// paired test on one category (of the first seed's scores), by Friedman's
    /// test and Nemenyi's over several.
    case asGood
    /// Significantly different from the best at the 5 % level.
    case worse
    /// There is nothing to compare it with, or no test.
    case unknown
  }

  /// One field of the table.
  public struct Cell: Hashable, Sendable {
    /// Over seeds, of the means over all runs of the field with one seed.
    public var auroc: AUROCSpread
    /// Among the fields of its contest; unknown where there is none.
    public var standing = Standing.unknown
  }

  /// Methods ranked over several categories.
  public struct Ranking: Hashable, Sendable {
    /// One a method: the titles of its row and column, but for those of data.
    public var names: [String]
    package var comparison: RankComparison
  }

  /// What the rows and the columns are.
  public let layout: Study.TableLayout
  /// The names of the rows; those of a table over categories end with "mean".
  public let rowNames: [String]
  /// The names of the columns, made as those of the rows.
  public let columnNames: [String]
  /// What the names say outside the table, such as "nu 0.1".
  public let rowTitles: [String]
  /// What the names of the columns say outside the table.
  public let columnTitles: [String]
  /// Row by row; nil where there is no run or one failed.
  public private(set) var cells: [[Cell?]]
  /// The ranks of all methods, where there are several categories.
  public private(set) var ranking: Ranking?

  init(_ layout: Study.TableLayout, of results: AblationResults) {
    self.layout = layout
    let entries = results.entries(for: layout)
    let rows = Direction(layout.rows, of: entries)
    let columns = Direction(layout.columns, of: entries)
    rowNames = rows.names
    columnNames = columns.names
    rowTitles = rows.titles
    columnTitles = columns.titles
    cells = rows.members.map { row in
      columns.members.map { column in
        AUROCSpread(row.intersection(column).sorted().map { entries[$0].run })
          .map { Cell(auroc: $0) }
      }
    }
    // Along a direction of categories, each is a contest of its own.
    let contests: [[(row: Int, column: Int)]] =
      switch (rows.isData, columns.isData) {
      case (true, true): []
      case (true, false):
        rows.members.indices.map { row in
          columns.members.indices.map { (row, $0) }
        }
      case (false, true):
        columns.members.indices.map { column in
          rows.members.indices.map { ($0, column) }
        }
      case (false, false):
        [
          rows.members.indices.flatMap { row in
            columns.members.indices.map { (row, $0) }
          }
        ]
      }
    for places in contests {
      let taking = places.filter { cells[$0.row][$0.column] != nil }
      let contest = Contest(
        taking.map { row, column in
          rows.members[row].intersection(columns.members[column]).sorted()
            .map { entries[$0] }
        })
      for ((row, column), standing) in zip(taking, contest.standings) {
        cells[row][column]?.standing = standing
      }
      if let comparison = contest.comparison {
        ranking = Ranking(
          names: taking.map { row, column in
            [
              rows.isData ? nil : rows.titles[row],
              columns.isData ? nil : columns.titles[column],
            ].compactMap(\.self).joined(separator: ", ")
          }, comparison: comparison)
      }
    }
  }

  /// One direction of a table: its names and the entries that belong to each.
  private struct Direction {
    let names: [String]
    let members: [Set<Int>]
    let isData: Bool
    let titles: [String]

    init(_ axes: [String], of entries: [AblationResults.Entry]) {
      isData = axes.allSatisfy { ["category", "dataset"].contains($0) }
      let labels = entries.map { entry in
        axes.compactMap { entry.run.value(of: $0) }.joined(separator: ", ")
      }
      let unique = labels.uniqued()
      let groups = Dictionary(grouping: labels.indices) { labels[$0] }
      var names = unique
      var members = unique.map { Set(groups[$0] ?? []) }
      if isData, unique.count > 1 {
        names.append("mean")
        members.append(Set(entries.indices))
      }
      self.names = names
      self.members = members
      let isWord = axes.allSatisfy {
        ["category", "dataset", "detector", "features"].contains($0)
      }
      titles =
        isWord ? names : names.map { axes.joined(separator: ", ") + " " + $0 }
    }
  }
}

/// Several methods on the same categories.
private struct Contest {
  let standings: [AblationTable.Standing]
  private(set) var comparison: RankComparison?

  /// - Parameter methods: The runs of each, none of which failed.
  init(_ methods: [[AblationResults.Entry]]) {
    let means = methods.map { AUROCSpread($0.map(\.run))?.mean ?? 0 }
    guard methods.count > 1,
      let best = means.indices.max(by: { means[$0] < means[$1] })
    else {
      standings = methods.map { _ in .unknown }
      return
    }
    let categories = methods.joined().map { SliceName($0.run) }.uniqued()
    let figures = categories.map { category in
      methods.map { entries in
        AUROCSpread(
          entries.map(\.run).filter { SliceName($0) == category })?.mean
      }
    }
    let complete = figures.map { $0.compactMap(\.self) }
    let isAsGood: (Int) -> Bool?
    if categories.count == 1 {
      let best = Self.evaluation(of: methods[best])
      isAsGood = { method in
        Self.differ(Self.evaluation(of: methods[method]), best).map { !$0 }
      }
    } else if complete.allSatisfy({ $0.count == methods.count }) {
      let comparison = RankComparison(complete)
      self.comparison = comparison
      let isAnyDifferent = comparison.pValue < significance
      let least = comparison.criticalDifference(significance: significance)
      isAsGood = { method in
        !isAnyDifferent
          || comparison.meanRanks[method] - comparison.meanRanks[best] < least
      }
    } else {
      isAsGood = { _ in nil }
    }
    // Means over other categories are not compared.
    guard categories.count == 1 || comparison != nil else {
      standings = methods.map { _ in .unknown }
      return
    }
    standings = means.indices.map { method in
      // Sums of the same figures in another order are the same mean.
      if abs(means[method] - means[best]) < 1e-12 { return .best }
      return isAsGood(method).map { $0 ? .asGood : .worse } ?? .unknown
    }
  }

  /// Of the first seed's scores; nil when the runs are of several settings.
  private static func evaluation(
    of entries: [AblationResults.Entry]
  ) -> Evaluation? {
    Set(entries.map(\.run.identity.setting)).count == 1
      ? entries.first?.evaluation : nil
  }

  /// By DeLong's test; nil when there is none.
  private static func differ(
    _ first: Evaluation?, _ second: Evaluation?
  ) -> Bool? {
    guard let first, let second,
      let difference = try? first.aurocDifference(from: second)
    else { return nil }
    return difference.pValue < significance
  }
}

private let significance = 0.05

private struct SliceName: Hashable {
  let dataset: String
  let category: String

  init(_ run: AblationRun) {
    dataset = run.identity.dataset
    category = run.identity.category
  }
}
