import Execution
import Testing

@testable import Evaluation

@Suite struct CalibrationTests {
  private func calibration(
    _ scores: [Float], _ rate: Double
  ) throws -> Calibration {
    try Calibration(leftOut: scores, falseAlarms: FalseAlarmRate(rate))
  }

  @Test(
    "The threshold is the score of rank (n + 1)(1 - rate), rounded up",
    arguments: [
      (99, 0.01, 99), (100, 0.01, 100), (198, 0.01, 198), (199, 0.01, 198),
      (209, 0.01, 208), (299, 0.01, 297), (19, 0.05, 19), (20, 0.1, 19),
      (9, 0.5, 5), (9, 0.1, 9),
    ])
  func ranks(count: Int, rate: Double, rank: Int) throws {
    let scores = (1...count).map { Float($0) }.reversed()
    let calibration = try calibration(Array(scores), rate)
    #expect(calibration.threshold == Double(rank))
    #expect(calibration.isPromised)
    #expect(calibration.count == count)
    #expect(!calibration.isExceeded(by: Float(rank)))
    #expect(calibration.isExceeded(by: Float(rank) + 0.5))
  }

  @Test(
    "With too few samples it is the highest score, and no promise",
    arguments: [(98, 0.01, 99), (1, 0.01, 99), (18, 0.05, 19), (8, 0.1, 9)])
  func few(count: Int, rate: Double, needed: Int) throws {
    let calibration = try calibration((1...count).map { Float($0) }, rate)
    #expect(calibration.threshold == Double(count))
    #expect(!calibration.isPromised)
    #expect(calibration.rate.neededCount == needed)
  }

  @Test("A rate near 1 is kept by the lowest score")
  func everything() throws {
    #expect(try calibration([5, 3, 4], 0.9999999).threshold == 3)
  }

  @Test("New samples like the others lie above it as often as promised")
  func coverage() throws {
    var generator = SeededGenerator(seed: 8)
    var alarms = 0
    let runs = 4000
    for _ in 0..<runs {
      let scores = (0..<40).map { _ in Float(generator.normal()) }
      if try calibration(Array(scores.dropLast()), 0.1)
        .isExceeded(by: scores[39])
      {
        alarms += 1
      }
    }
    // Four times in 40, with a deviation of 19 in 4000.
    #expect(abs(alarms - runs / 10) < 76)
  }

  @Test("Nothing, what is no number and an impossible rate are refused")
  func refusals() throws {
    #expect(throws: EvaluationFault.empty) { try calibration([], 0.01) }
    #expect(throws: EvaluationFault.notANumber(row: 1)) {
      try calibration([1, .nan], 0.01)
    }
    for rate in [0, 1, -0.1, 2, .nan] {
      #expect(throws: EvaluationFault.self) { try FalseAlarmRate(rate) }
    }
  }
}
