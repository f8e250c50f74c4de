import Diagnostics
import Execution

/// What a fitted model was made of and by, as its file tells.
public struct ModelOrigin: Hashable, Sendable {
  /// The version of this package.
  public var version: String
  /// The vector instructions of the build, which decide the last bits.
  public var vectorUnit: String
  /// What every random choice of the fit followed from.
  public var seed: UInt64
  /// Of the training samples, as `DatasetCategory.checksum` has it.
  public var dataChecksum: String

  init(seed: UInt64, dataChecksum: String) {
    version = anomalyKitVersion
    vectorUnit = VectorUnit.name
    self.seed = seed
    self.dataChecksum = dataChecksum
  }

  // The metadata of a model file.

  private static let keys = (
    version: "version", vectorUnit: "vectorUnit", seed: "seed",
    dataChecksum: "trainingData"
  )

  var metadata: [String: String] {
    [
      Self.keys.version: version, Self.keys.vectorUnit: vectorUnit,
      Self.keys.seed: "\(seed)", Self.keys.dataChecksum: dataChecksum,
    ]
  }

  init?(_ metadata: [String: String]) {
    guard
      let version = metadata[Self.keys.version],
      let vectorUnit = metadata[Self.keys.vectorUnit],
      let seed = metadata[Self.keys.seed].flatMap({ UInt64($0) }),
      let dataChecksum = metadata[Self.keys.dataChecksum]
    else { return nil }
    self.version = version
    self.vectorUnit = vectorUnit
    self.seed = seed
    self.dataChecksum = dataChecksum
  }
}
