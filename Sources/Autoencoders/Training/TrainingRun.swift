import Detectors
import Diagnostics
import Execution
import Foundation
import LinearAlgebra

/// One training from the first epoch to the model.
struct TrainingRun {
  private let detector: Autoencoder
  private let imageShape: ImageShape
  private let source: any SampleSource
  private let context: RunContext
  private let trainingRows: [Int]
  private let heldOutRows: [Int]
  private let batchSize: Int

  // What a checkpoint keeps.
  private var learner: any Learner
  private var optimizers: [Adam]
  private var history: [EpochRecord] = []
  private var best: (any Learner)?

  private var options: TrainingOptions { detector.training }

  init(
    _ detector: Autoencoder, _ learner: any Learner, _ imageShape: ImageShape,
    _ source: any SampleSource, _ context: RunContext
  ) throws {
    self.detector = detector
    self.learner = learner
    self.imageShape = imageShape
    self.source = source
    self.context = context

    let options = detector.training
    let holdsOut = options.patience != nil
    guard source.rows >= (holdsOut ? 2 : 1) else {
      throw DetectorFault.tooFewSamples(
        count: source.rows, needed: holdsOut ? 2 : 1)
    }
    let heldOutCount =
      holdsOut
      ? min(
        max(Int(Float(source.rows) * options.validationFraction), 1),
        source.rows - 1) : 0
    var generator = SeededGenerator(
      seed: context.seed, stream: RandomPurpose.heldOut.stream)
    let rows =
      holdsOut
      ? generator.sample(source.rows, below: source.rows)
      : Array(0..<source.rows)
    heldOutRows = rows.prefix(heldOutCount).sorted()
    trainingRows = rows.dropFirst(heldOutCount).sorted()
    let count = trainingRows.count
    if let wanted = options.batchSize, wanted > count {
      context.warn("there are \(count) images for batches of \(wanted)")
    }
    batchSize = min(options.batchSize ?? TrainingOptions.usualBatchSize, count)
    optimizers = learner.networks.map {
      Adam(parameterCount: $0.parameters.count, options: options)
    }
    try checkMemory()
  }

  /// - Throws: As `Autoencoder.fit`.
  mutating func run() throws -> AutoencoderModel {
    try context.cancellation.check()
    try start()
    while history.count < options.epochs, !hasConverged {
      try trainEpoch()
      try writeCheckpoint()
    }
    var result = best ?? learner
    try result.finish { body in
      var reader = reader(trainingRows)
      while let batch = try next(&reader) { body(batch) }
    }
    let model = model(result)
    try warnOfNothingLearned(model)
    return model
  }

  /// Whether a training has come nowhere: a thousandth of the loss should go
  /// with each epoch, until a hundredth has, which shows in any curve.
  static func isIdle(_ losses: [Double]) -> Bool {
    guard losses.count > 1, let first = losses.first, let last = losses.last,
      first > 0
    else { return false }
    return last > first * (1 - min(0.01, 0.001 * Double(losses.count - 1)))
  }

  /// The share of outputs at an end of their range above which nothing else is
  /// made.
  private static let saturation = 0.99

  /// Says when the loss has not fallen, or all outputs are at an end of their
  /// range: the figures are then those of a network that learned nothing.
  private func warnOfNothingLearned(_ model: AutoencoderModel) throws {
    guard model.canReconstruct, history.count > 1 else { return }
    let losses = history.map(\.trainingLoss)
    if Self.isIdle(losses) {
      context.warn(
        "the loss has not fallen in \(losses.count) epochs"
          + " (\(Float(losses[0])) to \(Float(losses[losses.count - 1]))):"
          + " look at the images, or try another learning rate")
    }
    func areAtEnds(_ values: [Float]) -> Bool {
      let count = values.count { $0 < 0.001 || $0 > 0.999 }
      return Double(count) > Self.saturation * Double(values.count)
    }
    guard context.imageShape != nil else { return }
    let images = try source.matrix(
      ofRows: Array(trainingRows.prefix(batchSize)))
    guard !areAtEnds(images.values) else { return }
    let quiet = RunContext(
      seed: context.seed, threadCount: context.threadCount,
      memoryBudget: context.memoryBudget, cancellation: context.cancellation)
    if areAtEnds(try model.reconstruct(images, in: quiet).values) {
      context.warn(
        "the outputs are all but black or white (saturated): look at the range"
          + " of the images, or try a smaller learning rate")
    }
  }

  private func model(_ learner: any Learner) -> AutoencoderModel {
    AutoencoderModel(detector, learner, imageShape, history)
  }

  /// Values, gradients and prefetched images of a batch, and what each block
  /// of images and the optimiser keep for the parameters.
  private var neededMemory: Int {
    let perImage = learner.networks.reduce(0) { $0 + $1.bytesPerImage }
    let parameters = learner.networks.reduce(0) { $0 + $1.parameters.count }
    return batchSize * (perImage + 3 * 4 * imageShape.count)
      + 6 * 4 * parameters
  }

  /// What the budget leaves for memory that is kept for the next batches.
  var spareMemory: Int { context.memoryBudget - neededMemory }

  private func checkMemory() throws {
    guard spareMemory >= 0 else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: neededMemory, budget: context.memoryBudget,
        remedy: "use a smaller batch size or smaller images")
    }
  }
}

// MARK: Epochs

extension TrainingRun {
  private var stepsPerEpoch: Int {
    (trainingRows.count + batchSize - 1) / batchSize
  }

  private mutating func trainEpoch() throws {
    let epoch = history.count
    let lastGood = learner
    func diverged() -> AutoencoderFault {
      .diverged(
        epoch: epoch + 1, learningRate: options.learningRate,
        lastGood: model(best ?? lastGood))
    }
    var generator = SeededGenerator(
      seed: context.seed, stream: RandomPurpose.order.stream + UInt64(epoch))
    let order = generator.sample(
      trainingRows.count, below: trainingRows.count
    ).map { trainingRows[$0] }
    let rate = options.learningRate(inEpoch: epoch)
    let started = ContinuousClock.now
    var moment = TrainingMoment(
      seed: context.seed, epoch: epoch, epochs: options.epochs,
      step: epoch * stepsPerEpoch, learningRate: rate)
    var (sum, count) = (0.0, 0)
    var reader = reader(order)
    while let batch = try next(&reader) {
      let loss = try learner.step(batch, moment, &optimizers)
      guard loss.isFinite else { throw diverged() }
      moment.step += 1
      sum += loss * Double(batch.rows)
      count += batch.rows
      report(epoch, count, loss: sum / Double(count), since: started)
    }
    let areFinite = learner.networks.allSatisfy {
      $0.parameters.allSatisfy(\.isFinite)
        && $0.statistics.allSatisfy(\.isFinite)
    }
    guard areFinite else { throw diverged() }
    let validationLoss = try heldOutRows.isEmpty ? nil : heldOutLoss()
    guard validationLoss?.isFinite ?? true else { throw diverged() }
    if let validationLoss, validationLoss < bestLoss { best = learner }
    history.append(
      EpochRecord(
        epoch: epoch + 1, trainingLoss: sum / Double(count),
        validationLoss: validationLoss, learningRate: rate))
  }

  private func heldOutLoss() throws -> Double {
    var sum = 0.0
    var reader = reader(heldOutRows)
    while let batch = try next(&reader) {
      sum += learner.loss(batch) * Double(batch.rows)
    }
    return sum / Double(heldOutRows.count)
  }

  private var bestLoss: Double {
    history.compactMap(\.validationLoss).min() ?? .infinity
  }

  /// Whether the held-out loss has not fallen for `patience` epochs.
  private var hasConverged: Bool {
    let losses = history.compactMap(\.validationLoss)
    guard
      let patience = options.patience, let least = losses.min(),
      let place = losses.firstIndex(of: least)
    else { return false }
    return losses.count - 1 - place >= patience
  }

  private func reader(_ rows: [Int]) -> BatchReader {
    BatchReader(
      source, order: rows, batchSize: batchSize,
      isSigned: detector.architecture.traits.isSigned,
      checksValues: history.isEmpty)
  }

  private func next(_ reader: inout BatchReader) throws -> Batch<Float>? {
    try context.cancellation.check()
    return try reader.next()
  }

  private func report(
    _ epoch: Int, _ count: Int, loss: Double,
    since start: ContinuousClock.Instant
  ) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let speed = seconds > 0 ? Double(count) / seconds : 0
    let completed = epoch * trainingRows.count + count
    let total = options.epochs * trainingRows.count
    context.progress.report(
      ProgressReport(
        stage: "training", completed: completed, total: total,
        detail: "epoch \(epoch + 1)/\(options.epochs), loss "
          + String(format: "%.5f", loss)
          + String(format: ", %.0f images/s", speed),
        share: Double(completed) / Double(total),
        isMilestone: count == trainingRows.count))
  }
}

// MARK: Checkpoints

extension TrainingRun {
  private var identity: Checkpoint.Run {
    Checkpoint.Run(
      detector: detector, imageShape: imageShape, seed: context.seed,
      rows: source.rows)
  }

  /// Goes on from the checkpoint, or begins anew and writes the first one, so
  /// that a place that cannot be written to is known before the work.
  private mutating func start() throws {
    guard let file = context.checkpoint, file.resumes else {
      var reader = reader(Array(trainingRows.prefix(batchSize)))
      if let batch = try next(&reader) { learner.prepare(batch) }
      return try writeCheckpoint()
    }
    let checkpoint = try Checkpoint(contentsOf: file.url, expecting: identity)
    let fits =
      checkpoint.optimizers.count == optimizers.count
      && zip(checkpoint.optimizers, optimizers).allSatisfy {
        $0.fits($1)
      }
    guard fits, checkpoint.state.restore(&learner) else {
      throw AutoencoderFault.foreignCheckpoint(
        path: file.url.path, difference: "its weights do not fit")
    }
    optimizers = checkpoint.optimizers
    history = checkpoint.history
    if let state = checkpoint.best {
      var restored = learner
      if state.restore(&restored) { best = restored }
    }
  }

  private func writeCheckpoint() throws {
    guard let file = context.checkpoint else { return }
    try Checkpoint(
      run: identity, state: LearnerState(learner), optimizers: optimizers,
      history: history, best: best.map(LearnerState.init)
    ).write(to: file.url)
  }
}
