import Execution
import Testing

@testable import Evaluation

@Suite struct PValueTests {
  @Test("A p-value counts the ordinary scores that are as high, and itself")
  func values() throws {
    let p = try PValues(of: [0, 1, 2, 2.5, 9], among: [2, 1, 3, 2])
    #expect(p.values == [1, 1, 0.8, 0.4, 0.2])
    #expect(throws: EvaluationFault.empty) {
      try PValues(of: [1.0], among: [])
    }
    #expect(throws: EvaluationFault.notANumber(row: 1)) {
      try PValues(of: [1, Double.nan], among: [1])
    }
  }

  @Test("Benjamini and Hochberg take the lowest that are low enough together")
  func discoveries() throws {
    // p = 1/100, 2/100, 4/100 and 90/100 of 99 ordinary scores.
    let ordinary = (1...99).map { Double($0) }
    let p = try PValues(of: [100, 98.5, 96.5, 10.5], among: ordinary)
    #expect(p.values == [0.01, 0.02, 0.04, 0.9])
    func found(_ rate: Double) throws -> [Bool] {
      p.discoveries(falseShare: try FalseAlarmRate(rate))
    }
    // The steps are rate/4, rate/2, 3 rate/4 and rate.
    #expect(try found(0.03) == [false, false, false, false])
    #expect(try found(0.04) == [true, true, false, false])
    #expect(try found(0.0534) == [true, true, true, false])
    #expect(try found(0.9) == [true, true, true, true])
  }

  @Test("What cannot be promised is null, and the least that can is told")
  func promises() throws {
    let few = try Calibration(
      leftOut: (0..<49).map(Double.init), falseAlarms: FalseAlarmRate(0.01))
    #expect(few.promised == nil && few.smallestPromise == 0.02)
    let many = try Calibration(
      leftOut: (0..<99).map(Double.init), falseAlarms: FalseAlarmRate(0.01))
    #expect(many.promised == 0.01)
  }
}
