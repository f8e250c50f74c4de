import AnomalyKit
import ArgumentParser
import Foundation

/// What becomes of the samples before a detector sees them.
struct FeatureArguments: ParsableArguments {
  @Option(help: "What images are described by.")
  var features: FeatureKind = .pixels

  @Option(
    help: """
      Shrink images to this many pixels a side (default: 64 for PNG files, \
      arrays as they are).
      """)
  var size: Int?

  @Option(
    help: "Grey when every image is (automatic), grey, or rgb.")
  var color: ColorMode = .automatic

  @Option(
    help: "Scale of the columns (default: standard for tables, else none).")
  var scaler: Scaler?

  func validate() throws {
    if let size, !(1...4096).contains(size) {
      throw ValidationError("--size \(size): use 1 to 4096")
    }
  }

  var recipe: FeatureRecipe {
    FeatureRecipe(
      kind: features, size: size.map { PixelSize(square: $0) }, color: color)
  }
}

extension FeatureKind: ExpressibleByArgument {}
extension ColorMode: ExpressibleByArgument {}
extension Scaler: ExpressibleByArgument {}

/// The hyper-parameters of autoencoders.
struct AutoencoderArguments: ParsableArguments {
  @Option(help: "Autoencoders: passes over the training images (default: 20).")
  var epochs: Int?

  @Option(help: "Autoencoders: images in a step (default: 128).")
  var batchSize: Int?

  @Option(help: "Autoencoders: learning rate (default: 0.001).")
  var learningRate: Float?

  @Option(
    help: """
      Autoencoders: constant, cosine to zero, or step by 0.1 every 10 epochs.
      """)
  var schedule: TrainingOptions.Schedule?

  @Option(help: "Autoencoders: adam or adamw.")
  var optimizer: TrainingOptions.Optimizer?

  @Option(help: "Autoencoders: weight decay (default: 0).")
  var weightDecay: Float?

  @Option(
    help: """
      Autoencoders: stop after this many epochs without a better loss on \
      held-out images and keep the best weights (default: never).
      """)
  var patience: Int?

  @Option(help: "Autoencoders: the slice held out (default: 0.1).")
  var validationFraction: Float?

  @Option(
    help: """
      Autoencoders: filters or units of each layer, such as 12,24,48.
      """, transform: widthList)
  var widths: [Int]?

  @Option(help: "Autoencoders: numbers in a latent code.")
  var latentSize: Int?

  @Option(help: "vae: weight of the divergence (default: 1).")
  var beta: Float?

  @Option(help: "vae: epochs over which the weight rises (default: 0).")
  var warmUpEpochs: Int?

  @Option(help: "Autoencoders: what the score is, where there is a choice.")
  var score: Autoencoder.Score?

  var options: AutoencoderOptions {
    var options = AutoencoderOptions()
    options.epochs = epochs
    options.batchSize = batchSize
    options.learningRate = learningRate
    options.schedule = schedule
    options.optimizer = optimizer
    options.weightDecay = weightDecay
    options.patience = patience
    options.validationFraction = validationFraction
    options.widths = widths
    options.latentSize = latentSize
    options.beta = beta
    options.warmUpEpochs = warmUpEpochs
    options.score = score
    return options
  }
}

private func widthList(_ text: String) throws -> [Int] {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false)
  let widths = parts.compactMap { Int($0) }
  guard widths.count == parts.count else {
    throw ValidationError("--widths \(text): use integers such as 12,24,48")
  }
  return widths
}

extension Autoencoder.Score: ExpressibleByArgument {}
extension TrainingOptions.Optimizer: ExpressibleByArgument {}
extension TrainingOptions.Schedule: ExpressibleByArgument {}

/// The hyper-parameters of detectors, named as scikit-learn names them.
struct DetectorArguments: ParsableArguments {
  @Option(help: "ocsvm: bound on the fraction of outliers (default: 0.1).")
  var nu: Double?

  @Option(
    help: "ocsvm: kernel width: scale, auto or a number (default: scale).")
  var gamma: Gamma?

  @Option(help: "kmeans: number of clusters (default: 8).")
  var nClusters: Int?

  @Option(help: "kmeans: number of starts (default: 3).")
  var nInit: Int?

  @Option(help: "kmeans, ocsvm: most iterations.")
  var maxIter: Int?

  @Option(help: "kmeans: none, or spread to divide by the cluster's spread.")
  var clusterScaling: ClusterScaling?

  @Option(
    help: """
      pca: a count, a fraction of the variance below 1, or auto (default: 0.9).
      """)
  var nComponents: ComponentCount?

  @Flag(help: "pca: add the Mahalanobis distance inside the subspace.")
  var mahalanobis = false

  @Option(help: "iforest: number of trees (default: 100).")
  var nEstimators: Int?

  @Option(
    help: """
      iforest: samples a tree (default: 256); ocsvm: samples in all (default: \
      every one).
      """)
  var maxSamples: IsolationForest.SampleCount?

  @Option(help: "iforest: features a tree sees (default: 1.0, all).")
  var maxFeatures: IsolationForest.FeatureCount?

  @OptionGroup var autoencoder: AutoencoderArguments

  var options: DetectorOptions {
    var options = DetectorOptions()
    options.autoencoder = autoencoder.options
    options.nu = nu
    options.gamma = gamma
    options.nClusters = nClusters
    options.nInit = nInit
    options.maxIterations = maxIter
    options.clusterScaling = clusterScaling
    options.nComponents = nComponents
    options.mahalanobis = mahalanobis ? true : nil
    options.nEstimators = nEstimators
    options.maxSamples = maxSamples
    options.maxFeatures = maxFeatures
    return options
  }
}

extension ClusterScaling: ExpressibleByArgument {}
extension ComponentCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension Gamma: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension IsolationForest.FeatureCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension IsolationForest.SampleCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// One detector with its surroundings, for the commands that fit one model.
struct PipelineArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The detector.", valueName: detectorNames))
  var detector: String

  @OptionGroup var hyperparameters: DetectorArguments
  @OptionGroup var features: FeatureArguments

  @Option(
    help: """
      Autoencoders: the file that keeps the state of the training after every \
      epoch (default: beside the output until that is written).
      """)
  var checkpoint: String?

  @Flag(help: "Autoencoders: go on from the checkpoint of a stopped run.")
  var resume = false

  /// Fits one model, for a command that writes the given output.
  ///
  /// A checkpoint that nobody asked for is gone once the model is there.
  func fit(
    _ category: DatasetCategory, for output: String,
    scoresTraining: Bool = true, in session: Session
  ) throws -> FittedPipeline {
    let pipeline = try pipeline()
    var context = session.context
    let url = URL(fileURLWithPath: checkpoint ?? output + ".checkpoint")
    if pipeline.detector.detector is Autoencoder {
      context.checkpoint = CheckpointFile(url, resumes: resume)
    }
    let fitted = try pipeline.fit(
      category, scoresTraining: scoresTraining, in: context)
    if checkpoint == nil, context.checkpoint != nil {
      try? FileManager.default.removeItem(at: url)
    }
    return fitted
  }

  private func pipeline() throws -> Pipeline {
    let entry = try DetectorCatalog.standard.entry(named: detector)
    return Pipeline(
      features: features.recipe, scaler: features.scaler,
      detector: NamedDetector(
        entry.name, entry.make(hyperparameters.options)))
  }
}

let detectorNames = DetectorCatalog.standard.entries.map(\.name).joined(
  separator: "|")
