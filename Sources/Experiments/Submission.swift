import Files
import Foundation

/// The file that a course or Kaggle wants: one row for every test sample.
public struct Submission: Hashable, Sendable {
  /// The header line of the file.
  public enum Format: String, CaseIterable, Codable, Sendable {
    /// Data Mining HW2.
    case idPrediction = "id-prediction"
    /// ML 2022 HW8.
    case idScore = "ID-score"
    /// ML 2021 HW8.
    case idPredicted = "Id-Predicted"

    /// The two column names and a comma, without a line feed.
    public var header: String { rawValue.replacing("-", with: ",") }
  }

  /// As `Sample.id` has them, in any order.
  public var ids: [String]
  /// One text for each id: a score, or 0 or 1.
  public var predictions: [String]
  /// A third column, `p`; nil for none.
  public var pValues: [Double]?

  /// A file of scores.
  public init(ids: [String], scores: [Float]) {
    self.ids = ids
    predictions = scores.map { "\($0)" }
  }

  /// A file of zeros and ones: 1 where the score is above the threshold.
  public init(ids: [String], scores: [Float], threshold: Double) {
    self.ids = ids
    predictions = scores.map { Double($0) > threshold ? "1" : "0" }
  }

  /// A file of zeros and ones: 1 where something is called anomalous.
  public init(ids: [String], anomalous: [Bool]) {
    self.ids = ids
    predictions = anomalous.map { $0 ? "1" : "0" }
  }

  /// The text of the file: rows in numeric order of the id, lines end in a
  /// line feed.
  public func text(format: Format) -> String {
    ids.indices.sortedNumerically { ids[$0] }.reduce(
      into: format.header + (pValues == nil ? "" : ",p") + "\n"
    ) { text, place in
      text += CSVText.line(
        [ids[place], predictions[place]]
          + (pValues.map { ["\($0[place])"] } ?? []))
    }
  }

  /// - Throws: `FileFault.unwritable`; the target is then as it was.
  public func write(to url: URL, format: Format) throws {
    try WholeFile.write(text(format: format), to: url)
  }
}
