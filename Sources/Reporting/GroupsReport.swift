import Experiments
import Files
import Foundation

/// Groups of alike training samples, as a table and a sheet of pictures.
public struct GroupsReport: Sendable {
  private let groups: [DatasetGroups.Group]

  /// Nothing is written yet.
  public init(_ groups: DatasetGroups) {
    self.groups = groups.groups
  }

  /// A table for a terminal: the samples of every group, and what categories
  /// they are of.
  public var text: String {
    Table(
      columns: [
        .init("group"), .init("train"), .init("categories", .left),
      ],
      rows: groups.enumerated().map { index, group in
        let counts = Dictionary(
          grouping: group.samples, by: \.category
        ).mapValues(\.count)
        return [
          "\(index + 1)", "\(group.samples.count)",
          counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        ]
      }
    ).text
  }

  /// Writes the first pictures of every group, a row each, as a PNG file.
  ///
  /// - Throws: `FileFault.unwritable`.
  public func write(to url: URL) throws {
    try ImageSheet(
      title: "Groups of alike training samples",
      rows: groups.enumerated().map { index, group in
        ImageSheet.Row(
          "group \(index + 1): \(group.samples.count)", group.pictures)
      }
    ).write(to: url)
  }
}
