import Files

/// What one pass over the training images gave.
public struct EpochRecord: Codable, Hashable, Sendable {
  /// Counted from 1.
  public var epoch: Int
  /// The mean over the batches.
  public var trainingLoss: Double
  /// The loss on the held-out slice; nil when nothing was held out.
  public var validationLoss: Double?
  /// The length of a step in this epoch, after the schedule.
  public var learningRate: Float

  /// Of an epoch counted from 1.
  public init(
    epoch: Int, trainingLoss: Double, validationLoss: Double?,
    learningRate: Float
  ) {
    self.epoch = epoch
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.learningRate = learningRate
  }
}

extension [EpochRecord] {
  /// A table with a header: epoch, training_loss, validation_loss,
  /// learning_rate.
  public var csv: String {
    let rows = map {
      [
        "\($0.epoch)", "\($0.trainingLoss)",
        $0.validationLoss.map { "\($0)" } ?? "", "\($0.learningRate)",
      ]
    }
    let names = ["epoch", "training_loss", "validation_loss", "learning_rate"]
    return ([names] + rows).map(CSVText.line).joined()
  }
}
