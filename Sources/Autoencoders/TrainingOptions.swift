import Foundation

/// How a network is trained.
public struct TrainingOptions: Codable, Hashable, Sendable {
  /// The way the learning rate goes, epoch by epoch.
  public enum Schedule: String, Codable, Hashable, Sendable, CaseIterable {
    /// `learningRate` from the first epoch to the last.
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
  /// The length of a step in the first epoch; above 0, 1e-3 by default.
  public var learningRate: Float = 1e-3
  /// What becomes of the learning rate; constant by default.
  public var schedule = Schedule.constant
  /// `step`: the epochs between two falls of the learning rate; at least 1, 10
  /// by default.
  public var stepEpochs = 10
  /// `step`: what a fall leaves of the learning rate; above 0 and at most 1,
  /// 0.1 by default.
  public var stepFactor: Float = 0.1
  /// What makes steps of gradients; Adam by default.
  public var optimizer = Optimizer.adam
  /// How strongly parameters are drawn to zero; 0, the default, leaves them.
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
