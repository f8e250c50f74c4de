import Datasets
import Experiments
import Files
import Foundation
import Plots

/// Why rows of a table are strange, as text and as a file.
public struct ReasonReport: Sendable {
  private let rows: [(sample: Sample, score: Float, reasons: [Reason])]

  /// - Parameter rows: In the order of the report.
  public init(
    _ rows: [(sample: Sample, score: Float, reasons: [Reason])]
  ) {
    self.rows = rows
  }

  /// For a terminal: of each row the columns that do most.
  public var text: String {
    Table(
      columns: [
        .init("id", .left), .init("score"), .init("column", .left),
        .init("value"), .init("usual", .left), .init("side", .left),
        .init("share"),
      ],
      rows: rows.flatMap { sample, score, reasons in
        reasons.leading.enumerated().map { place, reason in
          [
            place == 0 ? sample.id : "",
            place == 0 ? short(Double(score)) : "",
            reason.column, short(reason.value),
            "\(short(reason.usual.lowerBound)) to"
              + " \(short(reason.usual.upperBound))",
            reason.direction.rawValue,
            "\(decimal(100 * reason.share, places: 0)) %",
          ]
        }
      }
    ).text
  }

  /// For scripts: of each row all columns that do anything, a line each.
  public var csv: String {
    Table(
      columns: [
        "id", "score", "column", "value", "usual_low", "usual_high", "side",
        "share",
      ].map { .init($0) },
      rows: rows.flatMap { sample, score, reasons in
        reasons.filter { $0.share > 0 }.map { reason in
          [
            sample.id, "\(score)", reason.column, "\(reason.value)",
            "\(reason.usual.lowerBound)", "\(reason.usual.upperBound)",
            reason.direction.rawValue, "\(reason.share)",
          ]
        }
      }
    ).csv
  }
}
