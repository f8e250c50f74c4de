import Autoencoders
import Detectors
import Diagnostics
import Parameters

/// Detectors by name: what commands, studies and model files can ask for.
public struct DetectorCatalog: Sendable {
  /// In the order of the help.
  public private(set) var descriptions: [DetectorDescription]

  /// In the order of the help, no name twice.
  public init(_ descriptions: [DetectorDescription]) {
    self.descriptions = descriptions
  }

  /// The detectors of this package.
  public static let standard = DetectorCatalog(
    [
      OneClassSVM.description, KMeansDistance.description,
      PCAReconstruction.description, IsolationForest.description,
      LocalPCA.description, Fusion.description, LocalKNN.description,
      LocalGaussian.description, Autoregression.description,
      NeighborDistance.description, LocalOutlierFactor.description,
      EmpiricalTails.description, CopulaTails.description,
      HistogramScore.description, MinimumCovariance.description,
      Ensemble.description, GaussianDistance.description,
      KernelDensity.description, GaussianMixture.description,
    ] + LocalCells.descriptions + Autoencoder.descriptions)

  /// The same and further ones; a name that is there already is replaced.
  public func adding(_ further: DetectorDescription...) -> DetectorCatalog {
    let names = Set(further.map(\.name))
    return DetectorCatalog(
      descriptions.filter { !names.contains($0.name) } + further)
  }

  /// What can be asked for, in the order of the help.
  public var names: [String] { descriptions.map(\.name) }

  /// A parameter that one or more detectors have under one name.
  public struct SharedParameter: Sendable {
    /// As options are called, such as `n-clusters`.
    public let name: String
    /// How often it is given, and whether it needs a value.
    public let form: ParameterForm
    /// All values that some detector takes, where they are few.
    public fileprivate(set) var choices: [String]
    /// What it is to detectors that agree about it.
    public struct Use: Sendable {
      /// What it is for, in half a line.
      public let summary: String
      /// What holds when nobody sets it; nil where that says nothing or hangs
      /// on the detector.
      public fileprivate(set) var usual: String?
      /// The names of those that agree.
      public fileprivate(set) var detectors: [String]
      /// Whether these are all that are trained in epochs.
      public fileprivate(set) var isEveryNetwork = false
    }
    /// One for each meaning that it has.
    public fileprivate(set) var uses: [Use]

    /// The names of all detectors that have it, use by use.
    public var detectors: [String] { uses.flatMap(\.detectors) }
  }

  /// Every parameter that some detector has, once, in the order of the
  /// detectors.
  public var parameters: [SharedParameter] {
    var all: [SharedParameter] = []
    for description in descriptions {
      for parameter in description.parameters {
        let place =
          all.firstIndex { $0.name == parameter.name } ?? all.endIndex
        if place == all.endIndex {
          all.append(
            SharedParameter(
              name: parameter.name, form: parameter.form, choices: [], uses: [])
          )
        }
        all[place].add(parameter, of: description.name)
      }
    }
    let networks = descriptions.filter { $0.group == .network }.map(\.name)
    for place in all.indices {
      for use in all[place].uses.indices {
        all[place].uses[use].isEveryNetwork =
          all[place].uses[use].detectors == networks
      }
    }
    return all
  }

  /// - Throws: `ExperimentFault.unknownDetector`.
  public func description(named name: String) throws -> DetectorDescription {
    guard let found = descriptions.first(where: { $0.name == name }) else {
      throw ExperimentFault.unknownDetector(name, known: names)
    }
    return found
  }

  /// The detectors of those names, each with those of the settings that it
  /// has; `all` stands for the classical ones.
  ///
  /// - Throws: `ExperimentFault.unknownDetector`; `ParameterFault` for a value
  ///   out of its domain and for a setting that none of the detectors has.
  public func detectors(
    named names: [String], _ settings: ParameterSettings = [:]
  ) throws -> [NamedDetector] {
    let chosen = try names.flatMap { name in
      name == "all"
        ? descriptions.filter { $0.group == .classical }
        : [try description(named: name)]
    }
    let known = Set(chosen.flatMap { $0.parameters.map(\.name) })
    for name in settings.names.sorted() where !known.contains(name) {
      throw ParameterFault.unknown(
        OptionName(text: name),
        owner: chosen.map(\.name).joined(separator: ", "),
        owners: parameters.first { $0.name == name }?.detectors ?? [])
    }
    return try chosen.map {
      let detector = try $0.detector(settings)
      return NamedDetector(
        $0.name, detector, pictureSide: $0.pictureSide,
        growth: $0.growth(of: detector),
        amongAnomalies: try $0.detector(settings, amongAnomalies: true))
    }
  }

  /// One detector; `all` is none.
  ///
  /// - Throws: As `detectors(named:_:)`; `ExperimentFault.severalDetectors`.
  public func detector(
    named name: String, _ settings: ParameterSettings = [:]
  ) throws -> NamedDetector {
    guard name != "all" else { throw ExperimentFault.severalDetectors }
    _ = try description(named: name)
    return try detectors(named: [name], settings)[0]
  }
}

extension DetectorCatalog.SharedParameter {
  fileprivate mutating func add(
    _ parameter: ParameterDescription, of detector: String
  ) {
    choices = (choices + parameter.choices).uniqued()
    guard
      let place = uses.firstIndex(where: { $0.summary == parameter.summary })
    else {
      uses.append(
        Use(
          summary: parameter.summary, usual: parameter.usual,
          detectors: [detector]))
      return
    }
    uses[place].detectors.append(detector)
    if uses[place].usual != parameter.usual { uses[place].usual = nil }
  }
}
