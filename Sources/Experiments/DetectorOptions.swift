import Detectors

/// The hyper-parameters that a command line or a study may set; nil leaves a
/// detector's own default.
///
/// Names are scikit-learn's; each holds for the detectors that have it.
public struct DetectorOptions: Codable, Hashable, Sendable {
  /// `ocsvm`: the bound on the fraction of outliers, in (0, 1].
  public var nu: Double?
  /// `ocsvm`: the width of the RBF kernel.
  public var gamma: Gamma?
  /// `kmeans`: the number of centroids.
  public var nClusters: Int?
  /// `kmeans`: the number of starts, of which the best is kept.
  public var nInit: Int?
  /// `kmeans`, `ocsvm`: the most iterations.
  public var maxIterations: Int?
  /// `kmeans`: divides the distance by the spread of the centroid's cluster.
  public var clusterScaling: ClusterScaling?
  /// `pca`: the size of the subspace.
  public var nComponents: ComponentCount?
  /// `pca`: adds the Mahalanobis distance inside the subspace.
  public var mahalanobis: Bool?
  /// `iforest`: the number of trees.
  public var nEstimators: Int?
  /// `iforest`: training samples a tree; `ocsvm`, a count only: training
  /// samples in all.
  public var maxSamples: IsolationForest.SampleCount?
  /// `iforest`: the features that a tree sees.
  public var maxFeatures: IsolationForest.FeatureCount?

  public init() {}
}
