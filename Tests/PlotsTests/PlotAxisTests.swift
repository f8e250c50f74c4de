import Foundation
import Testing

@testable import Plots

@Suite struct PlotAxisTests {
  @Test("Linear ticks stand at round numbers and cover the values")
  func linearTicks() {
    let axis = PlotAxis.linear("x", showing: [0.13, 0.97])
    #expect(
      axis.ticks.map(\.label) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(axis.bounds == 0...1)
    #expect(
      PlotAxis.linear("x", showing: [-3, 11]).ticks.map(\.label)
        == ["-5", "0", "5", "10", "15"])
    #expect(
      PlotAxis.linear("x", showing: [0, 800_000]).ticks.map(\.label)
        == ["0", "2e5", "4e5", "6e5", "8e5"])
  }

  @Test("An axis of one value or of none has ticks")
  func degenerateTicks() {
    for values in [[], [5.0], [0], [.nan], [.infinity]] {
      let axis = PlotAxis.linear("x", showing: values)
      #expect(axis.ticks.count > 1)
      #expect(axis.bounds.lowerBound < axis.bounds.upperBound)
    }
  }

  @Test("Logarithmic ticks stand at powers of ten, or between when few")
  func logarithmicTicks() {
    #expect(
      PlotAxis.logarithmic("s", showing: [0.01, 100]).ticks.map(\.label)
        == ["0.01", "0.1", "1", "10", "100"])
    #expect(
      PlotAxis.logarithmic("s", showing: [2, 9]).ticks.map(\.label)
        == ["2", "5", "10"])
  }
}
