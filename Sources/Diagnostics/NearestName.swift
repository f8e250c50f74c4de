/// The name that somebody most likely meant: the same but for capitals, blanks
/// and hyphens, one that it begins or is begun by, or one with few other
/// letters.
///
/// - Returns: Nil when none comes close.
package func nearest(_ word: String, among names: [String]) -> String? {
  let plain = word.plain
  guard !plain.isEmpty else { return nil }
  if let same = names.first(where: { $0.plain == plain }) { return same }
  let distances = names.map {
    (name: $0, distance: plain.distance(to: $0.plain))
  }
  guard let best = distances.min(by: { $0.distance < $1.distance }) else {
    return nil
  }
  if best.distance <= max(1, plain.count / 3) { return best.name }
  return plain.count < 3
    ? nil
    : names.first { $0.plain.hasPrefix(plain) || plain.hasPrefix($0.plain) }
}

extension String {
  fileprivate var plain: [Character] {
    lowercased().filter { $0.isLetter || $0.isNumber }.map { $0 }
  }
}

extension [Character] {
  fileprivate func hasPrefix(_ other: [Character]) -> Bool {
    !other.isEmpty && starts(with: other)
  }

  /// Letters to insert, leave out, change, or swap with the next (the optimal
  /// string alignment distance).
  fileprivate func distance(to other: [Character]) -> Int {
    var rows = [[Int](0...other.count)]
    for (i, letter) in enumerated() {
      var row = [i + 1]
      for (j, candidate) in other.enumerated() {
        var least = Swift.min(
          rows[i][j] + (letter == candidate ? 0 : 1), rows[i][j + 1] + 1,
          row[j] + 1)
        if i > 0, j > 0, letter == other[j - 1], self[i - 1] == candidate {
          least = Swift.min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[count][other.count]
  }
}
