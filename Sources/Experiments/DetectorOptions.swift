import Autoencoders
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
  /// Autoencoders: all that training leaves open.
  public var autoencoder = AutoencoderOptions()

  public init() {}
}

/// The hyper-parameters of autoencoders; nil leaves an architecture's default.
public struct AutoencoderOptions: Codable, Hashable, Sendable {
  /// Passes over the training images.
  public var epochs: Int?
  /// Images in a step.
  public var batchSize: Int?
  public var learningRate: Float?
  public var schedule: TrainingOptions.Schedule?
  public var optimizer: TrainingOptions.Optimizer?
  public var weightDecay: Float?
  /// Epochs without a better held-out loss after which training stops.
  public var patience: Int?
  /// The slice of the training images that is held out where `patience` is
  /// given.
  public var validationFraction: Float?
  /// Filters of each convolution, or units of each hidden layer.
  public var widths: [Int]?
  /// Numbers in a latent code.
  public var latentSize: Int?
  /// `vae`: the weight of the divergence.
  public var beta: Float?
  /// `vae`: the epochs over which the weight rises to `beta`.
  public var warmUpEpochs: Int?
  /// What stands for an anomaly where an architecture offers a choice.
  public var score: Autoencoder.Score?

  public init() {}

  func detector(_ architecture: Architecture) -> Autoencoder {
    var detector = Autoencoder(architecture)
    var training = TrainingOptions()
    training.epochs = epochs ?? training.epochs
    training.batchSize = batchSize
    training.learningRate = learningRate ?? training.learningRate
    training.schedule = schedule ?? training.schedule
    training.optimizer = optimizer ?? training.optimizer
    training.weightDecay = weightDecay ?? training.weightDecay
    training.patience = patience
    training.validationFraction =
      validationFraction ?? training.validationFraction
    detector.training = training
    detector.widths = widths
    detector.latentSize = latentSize
    detector.beta = beta ?? detector.beta
    detector.warmUpEpochs = warmUpEpochs ?? detector.warmUpEpochs
    detector.score = score
    return detector
  }
}
