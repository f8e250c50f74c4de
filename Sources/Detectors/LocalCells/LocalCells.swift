import Execution
import LinearAlgebra
import LocalFeatures
import Parameters

/// A detector of tables on the cells of pictures: its score of every cell, of
/// whatever place, is the map.
///
/// A cell is described by the leading principal directions of all training
/// cells, whitened.
public struct LocalCells: Detector {
  /// What learns from cells.
  public enum Method: String, Codable, Hashable, Sendable {
    /// Distance to the nearest centroid; see `KMeansDistance`.
    case kmeans
    /// One-class SVM; see `OneClassSVM`.
    case oneClassSVM
    /// Isolation forest; see `IsolationForest`.
    case isolationForest
  }

  /// What learns from cells.
  public var method: Method
  /// The number of clusters, of `kmeans`.
  public var nClusters = 100
  /// The upper bound of the share of outliers, of `oneClassSVM`.
  public var nu = 0.1
  /// The number of trees, of `isolationForest`.
  public var nEstimators = 100
  /// The grid of the cells.
  public var grid = LocalGrid.medium
  /// The most training cells that are learned from, drawn at random.
  public var maxCells = 10_000
  /// The most training pictures that are learned from, drawn at random.
  public var maxSamples = 600

  /// With 100 clusters, nu 0.1 or 100 trees; cells of the medium grid, at most
  /// 10,000 of them, of at most 600 pictures.
  public init(_ method: Method) {
    self.method = method
  }

  public var parameters: [Parameter<Self>] {
    let own: Parameter<Self> =
      switch method {
      case .kmeans:
        Parameter("n-clusters", \.nClusters, .count, "number of clusters")
      case .oneClassSVM:
        Parameter(
          "nu", \.nu,
          .number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 },
          "bound on the fraction of outliers")
      case .isolationForest:
        Parameter("n-estimators", \.nEstimators, .count, "number of trees")
      }
    return [
      own,
      Parameter(
        "grid", \.grid, .choice, "cells a side of a picture of 256 pixels"),
      Parameter(
        "max-cells", \.maxCells, .count, "most cells to learn from"),
      Parameter(
        "max-samples", \.maxSamples, .count, "most pictures to learn from"),
    ]
  }

  /// The entries of the catalogue: `local-kmeans`, `local-ocsvm` and
  /// `local-iforest`.
  public static let descriptions = [
    description("local-kmeans", "k-means of local features", .kmeans),
    description("local-ocsvm", "one-class SVM of local features", .oneClassSVM),
    description(
      "local-iforest", "isolation forest of local features", .isolationForest),
  ]

  private static func description(
    _ name: String, _ summary: String, _ method: Method
  ) -> DetectorDescription {
    DetectorDescription(
      name, summary, group: .further, pictureSide: LocalFeatures.usualSide,
      prototype: LocalCells(method))
  }

  /// - Throws: `DetectorFault.needsImages` for a table,
  ///   `.tooFewSamples` for a single picture.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalMapModel {
    try LocalMapModel.fit(
      [CellRecipe(detector: self)], of: .all,
      to: LocalPictures(of: source, most: maxSamples, needed: 2, in: context),
      in: context)
  }
}

/// Cells that are samples.
private struct CellRecipe: FoldedRecipe {
  let detector: LocalCells

  var view: LocalView { LocalView(grid: detector.grid) }

  var name: String {
    switch detector.method {
    case .kmeans: "k-means of cells"
    case .oneClassSVM: "one-class SVM of cells"
    case .isolationForest: "isolation forest of cells"
    }
  }

  func learn(
    from train: LocalGrids, in context: RunContext
  ) throws -> MapMaker {
    func model<Inner: Detector>(
      _ inner: Inner
    ) throws -> CellModel<Inner.Model> {
      try CellModel(
        inner, view, most: detector.maxCells, from: train, in: context)
    }
    return switch detector.method {
    case .kmeans:
      .kmeans(
        try model(KMeansDistance(nClusters: detector.nClusters, nInit: 1)))
    case .oneClassSVM: .oneClassSVM(try model(OneClassSVM(nu: detector.nu)))
    case .isolationForest:
      .isolationForest(
        try model(IsolationForest(nEstimators: detector.nEstimators)))
    }
  }
}
