import Detectors
import Diagnostics
import Execution
import Parameters

extension ConformanceCheck {
  static let parameters = ConformanceCheck(
    "A parameter set to the text of its own value stays what it is"
  ) { detector in
    func check<D: Detector>(_ detector: D) throws {
      let parameters = detector.parameters
      let names = parameters.map(\.name)
      try require(
        Set(names).count == names.count,
        "two parameters have one name: \(names)")
      for parameter in parameters {
        let texts = parameter.values(of: detector)
        var same = detector
        try parameter.set(texts, of: &same)
        try require(
          same == detector, "\(parameter.name) changes when set to \(texts)")
      }
    }
    try check(detector)
  }

  static let parameterEnds = ConformanceCheck(
    "Each parameter bears its least value and its largest, up to 1,000"
  ) { detector in
    func check<D: Detector>(_ detector: D) throws {
      let samples = ordinarySamples(rows: 60)
      for parameter in detector.parameters where !parameter.isPath {
        for text in parameter.ends(in: detector) {
          var changed = detector
          try parameter.set([text], of: &changed)
          do {
            let scores = try changed.fit(samples, in: RunContext())
              .scores(for: samples)
            try requireFinite(scores, count: samples.rows)
          } catch let fault as any Fault {
            try require(
              fault.kind != .inputOutput,
              "with \(parameter.name) \(text): \(fault)")
          } catch let violation as ConformanceViolation {
            try require(
              false, "with \(parameter.name) \(text) \(violation)")
          }
        }
      }
    }
    try check(detector)
  }
}

extension Parameter {
  /// Values at the ends of what is possible, as text.
  fileprivate func ends(in owner: Owner) -> [String] {
    guard choices.isEmpty else { return choices }
    func isPossible(_ text: String) -> Bool {
      var owner = owner
      return (try? set([text], of: &owner)) != nil
    }
    let least = ["0", "1", "1e-6", "2", "3"].first(where: isPossible)
    // Loops are fifty times slower where they are not optimised.
    #if DEBUG
    let most = "20"
    #else
    let most = "1000"
    #endif
    let largest = [most, "0.999999", "1", "16"].first(where: isPossible)
    return [least, largest].compactMap { $0 }
  }
}
