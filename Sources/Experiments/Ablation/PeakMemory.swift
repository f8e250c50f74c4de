import Foundation

/// The most memory that this process has held, as Linux counts it.
enum PeakMemory {
  /// Counts from now on.
  static func reset() {
    try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
  }

  /// Nil where the system does not tell.
  static var bytes: Int? {
    guard
      let status = try? String(
        contentsOf: URL(fileURLWithPath: "/proc/self/status"), encoding: .utf8),
      let line = status.split(separator: "\n").first(where: {
        $0.hasPrefix("VmHWM:")
      })
    else { return nil }
    return line.split(separator: " ").dropFirst().first.flatMap {
      Int($0)
    }.map { $0 << 10 }
  }
}
