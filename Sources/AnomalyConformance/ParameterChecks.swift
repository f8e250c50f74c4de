import Detectors
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
}
