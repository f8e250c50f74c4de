import Parameters

/// How far from its own place a cell is compared with training cells.
public enum LocalReach: Codable, Hashable, Sendable {
  /// As many cells to every side, 0 to 64.
  case cells(Int)
  /// The whole picture.
  case anywhere

  var cells: Int? { if case .cells(let count) = self { count } else { nil } }
}

extension ParameterDomain<LocalReach> {
  /// Cells of 0 or more, or `anywhere`.
  static var reach: ParameterDomain {
    ParameterDomain(
      "a count of 0 to 64, or anywhere",
      read: { $0 == "anywhere" ? .anywhere : Int($0).map { .cells($0) } },
      text: { $0.cells.map { "\($0)" } ?? "anywhere" },
      contains: { 0...64 ~= $0.cells ?? 0 })
  }
}
