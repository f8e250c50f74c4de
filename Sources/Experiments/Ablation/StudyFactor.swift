import Detectors
import Features
import Parameters

/// What a study can set or vary: the detector, its parameters, and what becomes
/// of the samples before.
///
/// Names and values are those of the command's options.
struct StudyFactors: Sendable {
  /// One of them.
  struct Factor: Hashable, Sendable {
    let name: String
    let form: ParameterForm
    /// The detectors that it matters to; nil for all.
    let detectors: Set<String>?

    func matters(to detector: String) -> Bool {
      detectors?.contains(detector) ?? true
    }
  }

  static let detector = "detector"

  let catalog: DetectorCatalog
  /// In the order of the command's help, the detector first.
  let all: [Factor]

  init(_ catalog: DetectorCatalog) {
    self.catalog = catalog
    all =
      [Factor(name: Self.detector, form: .value, detectors: nil)]
      + Preparation.parameters.map {
        Factor(name: $0.name, form: $0.form, detectors: nil)
      }
      + catalog.parameters.map {
        Factor(name: $0.name, form: $0.form, detectors: Set($0.detectors))
      }
  }

  subscript(name: String) -> Factor? { all.first { $0.name == name } }

  /// - Parameter detectors: Those that may come to have the value.
  /// - Throws: `ParameterFault` and `ExperimentFault.unknownDetector` for a
  ///   value that a factor cannot have.
  func check(
    _ value: String, of factor: Factor, for detectors: [String]
  ) throws {
    let settings: ParameterSettings = [factor.name: value]
    if factor.name == Self.detector {
      _ = try catalog.description(named: value)
    } else if factor.detectors == nil {
      _ = try Preparation(settings)
    } else {
      for name in detectors where factor.matters(to: name) {
        _ = try catalog.detector(named: name, settings)
      }
    }
  }

  /// What a setting asks for.
  ///
  /// - Throws: `ParameterFault`, `ExperimentFault.unknownDetector`.
  func configuration(
    _ setting: StudySetting
  ) throws -> (preparation: Preparation, detector: NamedDetector) {
    let name = setting[Self.detector] ?? ""
    let settings = ParameterSettings(setting.values)
    return (
      try Preparation(settings),
      try catalog.detector(
        named: name,
        settings.filter { self[$0]?.detectors?.contains(name) ?? false })
    )
  }

  /// Without the factors that make no difference to the setting's detector.
  func canonical(_ setting: StudySetting) -> StudySetting {
    let detector = setting[Self.detector] ?? ""
    return StudySetting(
      setting.values.filter { name, _ in
        self[name]?.matters(to: detector) ?? false
      })
  }

  /// The values in the order of the factors.
  func ordered(_ setting: StudySetting) -> [(factor: String, value: String)] {
    all.compactMap { factor in
      setting[factor.name].map { (factor.name, $0) }
    }
  }

  /// The options that repeat a setting with `anomaly compare`.
  func arguments(_ setting: StudySetting) -> [String] {
    all.flatMap { factor -> [String] in
      guard let value = setting[factor.name] else { return [] }
      if factor.name == Self.detector { return ["--detectors", value] }
      guard factor.form == .flag else { return ["--\(factor.name)", value] }
      return value == "true" ? ["--\(factor.name)"] : []
    }
  }
}
