import Evaluation
import Foundation
import Testing

@Suite struct FigureTests {
  private func figures(_ auroc: Double?, seconds: Double) -> FigureValues {
    var figures = FigureValues()
    figures[.auroc] = auroc
    figures[.trainCount] = 3
    figures[.fitSeconds] = seconds
    return figures
  }

  @Test("Names are the keys of the JSON; what is absent is null")
  func json() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let figures = figures(0.5, seconds: 2.25)
    let text = String(decoding: try encoder.encode(figures), as: UTF8.self)
    #expect(
      text == """
        {"aupro":null,"auroc":0.5,"averagePrecision":null,"fitSeconds":2.25,\
        "loadSeconds":null,"pixelAuroc":null,"scoreSeconds":null,\
        "testCount":null,"trainCount":3}
        """)
    let decoder = JSONDecoder()
    #expect(
      try decoder.decode(FigureValues.self, from: Data(text.utf8)) == figures)
    #expect(
      try decoder.decode(FigureValues.self, from: Data("{}".utf8))
        == FigureValues())
  }

  @Test("Several runs: a mean, a sum, the first seed's sum, or none")
  func combining() {
    let combined = FigureValues(combining: [
      (1, figures(0.5, seconds: 1)), (2, figures(1, seconds: 2)),
      (1, figures(0.75, seconds: 4)),
    ])
    #expect(combined[.auroc] == 0.75)
    #expect(combined[.fitSeconds] == 7)
    #expect(combined[.trainCount] == 6)
    #expect(combined[.averagePrecision] == nil)
  }

  @Test("A run that failed leaves no mean")
  func failed() {
    let combined = FigureValues(combining: [
      (1, figures(0.5, seconds: 1)), (2, figures(nil, seconds: 2)),
    ])
    #expect(combined[.auroc] == nil)
    #expect(combined[.fitSeconds] == 3)
  }
}
