import Detectors
import Execution
import LinearAlgebra

extension ConformanceCheck {
  static let emptyInput = ConformanceCheck("Empty input is a fault") {
    detector in
    try requireFailure(
      "DetectorFault.tooFewSamples", of: "a fit to no rows"
    ) {
      _ = try detector.fit(Matrix(rows: 0, columns: 3), in: RunContext())
    } where: {
      guard case .tooFewSamples(0, _)? = $0 as? DetectorFault else {
        return false
      }
      return true
    }
    try requireFault(.noFeatures, of: "a fit to rows without columns") {
      _ = try detector.fit(Matrix(rows: 5, columns: 0), in: RunContext())
    }
    let model = try detector.fit(ordinarySamples(), in: RunContext())
    let none = Matrix(rows: 0, columns: model.featureCount)
    try requireFinite(model.scores(for: none), count: 0)
  }

  static let nonFiniteValues = ConformanceCheck(
    "NaN and infinity are named by their place"
  ) { detector in
    let samples = ordinarySamples()
    let model = try detector.fit(samples, in: RunContext())
    for value in [Float.nan, .infinity, -.infinity] {
      var broken = samples
      broken[17, 3] = value
      let fault = DetectorFault.nonFiniteValue(row: 17, column: 3)
      try requireFault(fault, of: "a fit to \(value)") {
        _ = try detector.fit(broken, in: RunContext())
      }
      // Of rows that are not in memory a fit may read a part.
      try requireFailure(
        "DetectorFault.nonFiniteValue", of: "a streaming fit to \(value)"
      ) {
        let all = Matrix(rows: 50, columns: 3, repeating: value)
        _ = try detector.fit(RowsOnDemand(all), in: RunContext())
      } where: {
        guard case .nonFiniteValue? = $0 as? DetectorFault else { return false }
        return true
      }
      try requireFault(fault, of: "scoring \(value)") {
        _ = try model.scores(for: broken)
      }
    }
  }

  static let wrongFeatureCount = ConformanceCheck(
    "The wrong number of features is a fault"
  ) { detector in
    let model = try detector.fit(ordinarySamples(), in: RunContext())
    let expected = model.featureCount
    for columns in [0, expected - 1, expected + 1] {
      try requireFault(
        .wrongFeatureCount(actual: columns, expected: expected),
        of: "scoring \(columns) columns"
      ) { _ = try model.scores(for: Matrix(rows: 2, columns: columns)) }
    }
  }
}
