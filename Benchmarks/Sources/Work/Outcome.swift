import AnomalyKit
import Foundation

/// What one side reports of a piece of work.
struct Outcome: Encodable {
  /// The time of each part, without reading the input.
  var seconds: [String: Double] = [:]
  /// The most memory that the process held.
  var peakBytes = 0
  /// What the two sides should agree in.
  var figures: [String: [Double]] = [:]

  /// Does a part of the work and keeps its time.
  mutating func measure<Result>(
    _ part: String, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = DispatchTime.now().uptimeNanoseconds
    let result = try body()
    let elapsed = DispatchTime.now().uptimeNanoseconds - start
    seconds[part] = Double(elapsed) * 1e-9
    return result
  }

  /// Asks the system for the peak, which unlike `getrusage` leaves out what
  /// the parent process held.
  mutating func readPeak() throws {
    let status = try String(
      contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace)[1]
    peakBytes = (kibibytes.flatMap { Int($0) } ?? 0) * 1024
  }
}
