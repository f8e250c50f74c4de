import Diagnostics
import Foundation

/// The reading of labels as people write them: the only place where a word or
/// a number becomes 0 or 1.
struct LabelWords {
  /// The label of every text.
  private let labels: [String: Int]
  /// What was guessed, for the user to see.
  let guess: String?

  private static let ordinary: Set<String> = [
    "normal", "nominal", "ordinary", "regular", "good", "ok", "okay", "pass",
    "passed", "inlier", "inliers", "benign", "healthy", "clean", "legit",
    "legitimate", "genuine", "intact", "negative", "neg", "no", "n", "false",
    "f", "non-fraud", "nonanomaly", "non-anomaly", "not anomaly",
  ]
  private static let anomalous: Set<String> = [
    "anomaly", "anomalous", "anomalies", "abnormal", "bad", "ng", "ko", "nok",
    "not ok", "not good", "fail", "failed", "failure", "fault", "faulty",
    "defect", "defective", "damaged", "broken", "outlier", "outliers",
    "malignant", "malicious", "attack", "intrusion", "fraud", "sick", "ill",
    "positive", "pos", "yes", "y", "true", "t", "novelty", "novel",
  ]
  /// Of these nobody doubts.
  private static let booleans: Set<String> = ["true", "false"]
  private static let mostNamed = 8

  /// Decides what the different texts of a column stand for.
  ///
  /// - Parameters:
  ///   - texts: All of them, in any order, also more than once.
  ///   - options: What the user says of them.
  ///   - place: Where one of the texts stands, such as "on line 2".
  ///   - refuse: Makes a fault of a problem and a remedy.
  init(
    _ texts: [String], _ options: DatasetOptions,
    at place: (Int) -> String,
    refuse: (FaultMessage, FaultMessage) -> any Error
  ) throws {
    var keys: [String: String] = [:]
    var places: [String: Int] = [:]
    var order: [String] = []
    for (place, text) in texts.enumerated() where keys[text] == nil {
      let key = Self.key(text)
      keys[text] = key
      guard places[key] == nil else { continue }
      places[key] = place
      order.append(key)
    }
    if let index = places[""] {
      throw refuse(
        "a label is missing \(place(index))", "fill it in, or remove the row")
    }
    let different = order.map { texts[places[$0] ?? 0] }
    let named = different.prefix(Self.mostNamed).joined(separator: ", ")
    func made(_ isAnomaly: (String) -> Bool) -> [String: Int] {
      keys.mapValues { isAnomaly($0) ? 1 : 0 }
    }
    func told(_ labels: [String: Int]) -> String {
      func words(_ label: Int) -> String {
        different.filter { labels[$0] == label }.prefix(Self.mostNamed)
          .joined(separator: ", ")
      }
      return "\(words(0)) is ordinary, \(words(1)) anomalous"
    }
    let normal = Set(options.normalValues.map(Self.key))
    let strange = Set(options.anomalyValues.map(Self.key))
    if !normal.isEmpty || !strange.isEmpty {
      for (words, option) in [
        (normal, "normal-label"), (strange, "anomaly-value"),
      ] where !words.isEmpty && words.isDisjoint(with: order) {
        throw refuse(
          "no label is one of \(words.sorted().joined(separator: ", ")), they"
            + " are \(named)", "name another by \(option: OptionName(option))")
      }
      labels = made {
        normal.isEmpty
          ? strange.contains($0)
          : !normal.contains($0) && (strange.isEmpty || strange.contains($0))
      }
      guess = nil
      return
    }
    let found = Set(order)
    if found.isSubset(of: ["0", "1"]) {
      (labels, guess) = (made { $0 == "1" }, nil)
    } else if found == ["1", "-1"] {
      labels = made { $0 == "-1" }
      guess = "1 is ordinary, -1 anomalous"
    } else if found.isSubset(of: Self.ordinary.union(Self.anomalous)) {
      labels = made(Self.anomalous.contains)
      guess = found.isSubset(of: Self.booleans) ? nil : told(labels)
    } else if case let known = found.intersection(Self.ordinary),
      known.count == 1, found.isDisjoint(with: ["0", "1", "-1"]),
      found.isDisjoint(with: Self.booleans)
    {
      labels = made { !known.contains($0) }
      guess = told(labels)
    } else if let number = order.first(where: { $0 != "0" && $0 != "1" }),
      let index = places[number],
      order.allSatisfy({ Double($0) != nil })
    {
      throw refuse(
        "the label \(place(index)) is \(texts[index])",
        "use 0 for ordinary samples and 1 for anomalies, or say which of"
          + " \(named) is ordinary by \(option: "normal-label") or which is"
          + " anomalous by \(option: "anomaly-value")")
    } else {
      throw refuse(
        "nobody knows which of the labels \(named) is ordinary",
        "say it by \(option: "normal-label"), or which is anomalous by"
          + " \(option: "anomaly-value")")
    }
  }

  func label(_ text: String) -> Int? { labels[text] }

  private static let negations: Set<Substring> = [
    "not", "non", "no", "without", "free",
  ]
  /// What names of folders shorten.
  private static let shortened: Set<String> = ["def", "defects", "anom"]

  /// What a folder holds by its name, such as `ok_front`, `NG` or `non-defective`:
  /// 0 ordinary pictures, 1 anomalies; nil when the name does not tell.
  static func label(ofFolder name: String) -> Int? {
    let name = key(name).replacing("-", with: " ")
    if ordinary.contains(name) { return 0 }
    if anomalous.contains(name) { return 1 }
    let words = name.split(separator: " ")
    let known: [Int] = words.compactMap { word in
      let word = String(word)
      // Of letters alone nobody knows.
      guard word.count > 1, !negations.contains(word[...]) else { return nil }
      if ordinary.contains(word) { return 0 }
      return anomalous.contains(word) || shortened.contains(word) ? 1 : nil
    }
    guard let label = known.first, Set(known).count == 1 else { return nil }
    return negations.isDisjoint(with: words) ? label : 1 - label
  }

  /// Whether all texts are words that are known for labels.
  static func recognizes(_ texts: [String]) -> Bool {
    let found = Set(texts.map(key))
    return found.count >= 2 && !found.isDisjoint(with: ordinary)
      && !found.isDisjoint(with: anomalous)
      && found.isSubset(of: ordinary.union(anomalous))
  }

  /// What texts are compared by: 1, 1.0 and 01 are the same, as are words in
  /// capitals or not, with a point behind them or not.
  private static func key(_ text: String) -> String {
    if let number = Double(text), number.isFinite {
      return number == number.rounded() && abs(number) < 1e15
        ? "\(Int(number))" : "\(number)"
    }
    var word = text.lowercased()[...]
    while let last = word.last, last == " " || last == "." { word.removeLast() }
    return String(word.drop { $0 == " " }).replacing("_", with: " ")
  }
}
