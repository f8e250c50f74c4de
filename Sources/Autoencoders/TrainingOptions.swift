import Foundation

/// How a network is trained.
public struct TrainingOptions: Codable, Hashable, Sendable {
  /// The way the learning rate goes, epoch by epoch.
  public enum Schedule: String, Codable, Hashable, Sendable, CaseIterable {
    case constant
    /// Down half a cosine wave to zero after the last epoch.
    case cosine
    /// Times `stepFactor` every `stepEpochs` epochs.
    case step
  }

  /// The rule that turns gradients into steps.
  public enum Optimizer: String, Codable, Hashable, Sendable, CaseIterable {
    /// Kingma and Ba 2015, arXiv 1412.6980; weight decay enters the gradient.
    case adam
    /// Weight decay beside the gradient (Loshchilov and Hutter 2019,
    /// arXiv 1711.05101).
    case adamW = "adamw"
  }

  /// Passes over the training images.
  public var epochs = 20
  /// Images in a step; nil for 128; all where there are fewer.
  public var batchSize: Int?
  public var learningRate: Float = 1e-3
  public var schedule = Schedule.constant
  public var stepEpochs = 10
  public var stepFactor: Float = 0.1
  public var optimizer = Optimizer.adam
  public var weightDecay: Float = 0
  /// Epochs without a better loss on the held-out slice after which training
  /// stops; the best weights are kept.
  ///
  /// Nil trains on all images for all epochs.
  public var patience: Int?
  /// The slice of the training images that is held out where `patience` is
  /// given.
  public var validationFraction: Float = 0.1

  /// The defaults.
  public init() {}

  static let usualBatchSize = 128

  /// The learning rate of an epoch counted from 0.
  func learningRate(inEpoch epoch: Int) -> Float {
    switch schedule {
    case .constant: learningRate
    case .cosine:
      learningRate * Float(1 + cos(.pi * Double(epoch) / Double(epochs))) / 2
    case .step:
      learningRate * pow(stepFactor, Float(epoch / max(stepEpochs, 1)))
    }
  }
}
