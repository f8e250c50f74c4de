import Detectors

/// A detector and the name it goes by in commands, tables and model files.
public struct NamedDetector: Sendable {
  public var name: String
  public var detector: any Detector

  public init(_ name: String, _ detector: any Detector) {
    self.name = name
    self.detector = detector
  }
}
