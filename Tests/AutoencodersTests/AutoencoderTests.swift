import AnomalyConformance
import Detectors
import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Synchronization
import TestSupport
import Testing

@testable import Autoencoders

private let shape = ImageShape(height: 16, width: 16, channels: 3)

/// Smooth images of a few waves, with values in 0...1.
private func waves(_ count: Int, seed: UInt64 = 1) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  return Matrix(
    (0..<count).map { _ in
      let (phase, slope) = (6 * generator.uniform(), generator.uniform())
      return (0..<shape.count).map { index in
        let (y, x) = (Double(index / 48), Double(index / 3 % 16))
        return Float(0.5 + 0.4 * sin(phase + slope * x / 4 + y / 5))
      }
    })
}

/// A fast training for the tests.
private func detector(
  _ architecture: Architecture, epochs: Int = 2
) -> Autoencoder {
  var detector = Autoencoder(architecture)
  detector.training.epochs = epochs
  detector.training.batchSize = 16
  return detector
}

private func context(seed: UInt64 = 0, threads: Int = 2) -> RunContext {
  RunContext(seed: seed, threadCount: threads, imageShape: shape)
}

/// Cancels when it hears of an epoch.
private struct Canceller: ProgressSink {
  let cancellation: Cancellation
  let epoch: Int

  func report(_ progress: ProgressReport) {
    if progress.detail?.hasPrefix("epoch \(epoch)/") == true {
      cancellation.cancel()
    }
  }
}

@Suite("Every architecture")
struct ArchitectureTests {
  @Test(
    "has the parameters that its source counts",
    arguments: [
      (Architecture.fcn, 3_176_419), (.cnn, 47_355), (.cnnBN, 47_595),
      (.vae, 65_835),
    ])
  func parameterCount(architecture: Architecture, count: Int) throws {
    let shape = ImageShape(height: 64, width: 64, channels: 3)
    #expect(
      try Autoencoder(architecture).parameterCount(for: shape) == count)
  }

  @Test("mnist-cnn has 178,769 parameters with the moving statistics")
  func mnistParameterCount() throws {
    let shape = ImageShape(height: 28, width: 28, channels: 1)
    #expect(
      try Autoencoder(.mnistCNN).parameterCount(for: shape) == 178_769)
  }

  @Test(
    "gives the same bits for 1, 2 and 3 threads",
    arguments: Architecture.allCases)
  func threads(architecture: Architecture) throws {
    let training = waves(40)
    let scores = try [1, 2, 3].map {
      try detector(architecture).fit(training, in: context(threads: $0))
        .scores(for: training)
    }
    #expect(scores[0] == scores[1] && scores[1] == scores[2])
    #expect(scores[0].allSatisfy { $0.isFinite })
  }

  @Test(
    "is saved and loaded with the same bits", arguments: Architecture.allCases)
  func roundTrip(architecture: Architecture) throws {
    let training = waves(20)
    let model = try detector(architecture, epochs: 1).fit(
      training, in: context())
    let file = try Safetensors(encoding: model)
    let loaded = try file.decode(AutoencoderModel.self)
    #expect(
      try loaded.scores(for: training) == model.scores(for: training))
    #expect(loaded.history == model.history)
  }

  @Test(
    "works on sizes that are no multiple of anything",
    arguments: Architecture.allCases)
  func oddSizes(architecture: Architecture) throws {
    let odd = ImageShape(height: 29, width: 23, channels: 1)
    var generator = SeededGenerator(seed: 1)
    let samples = Matrix(
      (0..<5).map { _ in
        (0..<odd.count).map { _ in Float(generator.uniform()) }
      })
    var detector = Autoencoder(architecture)
    detector.training.epochs = 1
    let model = try detector.fit(samples, in: RunContext(imageShape: odd))
    #expect(try model.scores(for: samples).count == 5)
  }

  @Test(
    "a checkpointed run that was stopped ends with the same bits",
    arguments: Architecture.allCases)
  func resume(architecture: Architecture) throws {
    let training = waves(40)
    let detector = detector(architecture, epochs: 3)
    let unbroken = try detector.fit(training, in: context())
    let folder = try TemporaryFolder()
    let file = folder.file("checkpoint")
    var first = context()
    first.checkpoint = CheckpointFile(file)
    first.progress = Canceller(cancellation: first.cancellation, epoch: 2)
    #expect(throws: CancellationError.self) {
      try detector.fit(training, in: first)
    }
    var second = context(threads: 1)
    second.checkpoint = CheckpointFile(file, resumes: true)
    let resumed = try detector.fit(training, in: second)
    #expect(
      try resumed.scores(for: training) == unbroken.scores(for: training))
    #expect(resumed.history == unbroken.history)
    #expect(resumed.history.count == 3)
  }
}

@Suite("Training")
struct TrainingTests {
  @Test(
    "lowers the loss and tells noise from waves",
    arguments: [Architecture.fcn, .cnn, .cnnBN, .vae, .mnistCNN])
  func learning(architecture: Architecture) throws {
    let model = try detector(architecture, epochs: 30).fit(
      waves(64), in: context())
    #expect(model.history.count == 30)
    #expect(model.history[29].trainingLoss < model.history[0].trainingLoss)
    var generator = SeededGenerator(seed: 9)
    let noise = Matrix(
      [(0..<shape.count).map { _ in Float(generator.uniform()) }])
    let strange = try #require(model.scores(for: noise).first)
    let ordinary = try model.scores(for: waves(20, seed: 2))
    #expect(ordinary.allSatisfy { $0 < strange })
  }

  @Test("reads batches of a source that is no matrix")
  func streaming() throws {
    let training = waves(40)
    let streamed = try detector(.cnn).fit(
      RowsOnDemand(training, limit: 16), in: context())
    let whole = try detector(.cnn).fit(training, in: context())
    #expect(
      try streamed.scores(for: training) == whole.scores(for: training))
  }

  @Test("stops when the held-out loss rests and keeps the best weights")
  func earlyStopping() throws {
    var detector = detector(.cnn, epochs: 200)
    detector.training.patience = 2
    detector.training.learningRate = 0.05
    let history = try detector.fit(waves(40), in: context()).history
    #expect(history.count < 200)
    let losses = history.compactMap(\.validationLoss)
    #expect(losses.count == history.count)
    let least = try #require(losses.min())
    #expect(losses.firstIndex(of: least) == losses.count - 3)
  }

  @Test("lowers the learning rate by its schedule")
  func schedules() throws {
    var options = TrainingOptions()
    options.epochs = 4
    options.learningRate = 0.1
    options.stepEpochs = 2
    func rates(_ schedule: TrainingOptions.Schedule) throws -> [Float] {
      var detector = detector(.cnn, epochs: 4)
      detector.training = options
      detector.training.schedule = schedule
      return try detector.fit(waves(4), in: context()).history
        .map(\.learningRate)
    }
    #expect(try rates(.constant) == [0.1, 0.1, 0.1, 0.1])
    #expect(try rates(.step) == [0.1, 0.1, 0.010_000_001, 0.010_000_001])
    expectClose(
      try rates(.cosine), [0.1, 0.0853553, 0.05, 0.0146447],
      within: .absolute(1e-6))
  }

  @Test("a diverging loss stops it, and the weights before it are kept")
  func divergence() throws {
    var detector = detector(.vae, epochs: 50)
    detector.training.learningRate = 1e4
    do {
      _ = try detector.fit(waves(40), in: context())
      Issue.record("no fault")
    } catch AutoencoderFault.diverged(_, let rate, let model) {
      #expect(rate == 1e4)
      #expect(try model.scores(for: waves(3)).allSatisfy { $0.isFinite })
    }
  }

  @Test("latent codes make the reconstructions, and edits change them")
  func latentCodes() throws {
    let samples = waves(20)
    for architecture in [Architecture.cnn, .fcn, .vae, .mnistCNN] {
      let model = try detector(architecture).fit(samples, in: context())
      let codes = try model.latentCodes(of: samples)
      #expect(codes.columns == model.latentSize)
      let images = try model.reconstructions(fromLatent: codes)
      #expect(try images == model.reconstructions(of: samples))
      var edited = codes
      edited[0, 0] += 5
      #expect(try model.reconstructions(fromLatent: edited) != images)
    }
  }

  @Test("The highest place of a heat map lies in the defect")
  func heatMaps() throws {
    let pictures = PlantedDefects()
    var detector = Autoencoder(.fcn)
    detector.widths = [32]
    detector.training.epochs = 20
    let context = RunContext(imageShape: pictures.shape)
    let model = try detector.fit(pictures.ordinary, in: context)
    let found = try model.localization(of: pictures.defective, in: context)
    #expect(pictures.found(by: found.maps) == [true, true, true, true])
    #expect(found.scores == (try model.scores(for: pictures.defective)))
    #expect(model.comparesMaps)
  }

  @Test("Without reconstructions a heat map comes of covered squares")
  func occlusion() throws {
    let pictures = PlantedDefects()
    var detector = Autoencoder(.deepSVDD)
    detector.training.epochs = 1
    detector.widths = [8]
    let context = RunContext(imageShape: pictures.shape)
    let model = try detector.fit(pictures.ordinary, in: context)
    let found = try model.localization(of: pictures.defective, in: context)
    #expect(!model.comparesMaps)
    #expect(Set(found.maps.row(0)).count > 10)
    #expect(found.scores == (try model.scores(for: pictures.defective)))
  }

  @Test("fcn takes rows of numbers that are no images")
  func table() throws {
    let samples = waves(20)
    let model = try detector(.fcn).fit(samples, in: RunContext())
    #expect(try model.scores(for: samples).count == 20)
  }
}

/// Keeps what is warned of.
private final class Warnings: ProgressSink {
  private let kept = Protected<[String]>([])
  var lines: [String] { kept.withLock(\.self) }

  func report(_ progress: ProgressReport) {}
  func warn(_ line: FaultMessage) {
    kept.withLock { $0.append("\(line)") }
  }
}

@Suite("Trainings that teach nothing")
struct IdleTrainingTests {
  private func warnings(
    _ samples: Matrix, rate: Float, epochs: Int = 3
  ) throws -> [String] {
    let warnings = Warnings()
    var detector = detector(.fcn, epochs: epochs)
    detector.training.learningRate = rate
    var context = context()
    context.progress = warnings
    _ = try detector.fit(samples, in: context)
    return warnings.lines
  }

  @Test("A loss that does not move is told, one that falls is not")
  func loss() throws {
    #expect(
      try warnings(waves(32), rate: 1e-9).first?.hasPrefix(
        "the loss has not fallen in 3 epochs (") == true)
    #expect(try warnings(waves(32), rate: 1e-3) == [])
  }

  @Test("A slow start is no standstill, as many epochs of nothing are")
  func standstill() {
    func isIdle(_ epochs: Int, falling share: Double) -> Bool {
      TrainingRun.isIdle(
        (0..<epochs).map { 0.08 * (1 - share * Double($0)) })
    }
    #expect(!isIdle(2, falling: 0.01))
    #expect(!isIdle(2, falling: 0.002))
    #expect(!isIdle(50, falling: 0.001))
    #expect(isIdle(2, falling: 0.0001))
    #expect(isIdle(50, falling: 0.0001))
    #expect(isIdle(5, falling: -0.2))
    #expect(!isIdle(1, falling: 0))
    #expect(!TrainingRun.isIdle([0, 0]))
  }

  @Test("Outputs that are black or white alone are told, unless images are")
  func saturation() throws {
    func isTold(_ samples: Matrix, rate: Float) throws -> Bool {
      try warnings(samples, rate: rate).contains {
        $0.hasPrefix("the outputs are all but black or white (saturated)")
      }
    }
    #expect(try isTold(waves(32), rate: 3))
    #expect(try !isTold(waves(32), rate: 1e-3))
    var drawings = waves(32)
    drawings.values = drawings.values.map { $0 < 0.5 ? 0 : 1 }
    #expect(try !isTold(drawings, rate: 3))
  }

  @Test("Intensities that networks cannot make are refused with their range")
  func range() throws {
    let samples = waves(20)
    let shifted = Matrix(
      rows: samples.rows, columns: samples.columns,
      values: samples.values.map { $0 * 6 - 3 })
    let fault = #expect(throws: AutoencoderFault.self) {
      try Autoencoder.checkIntensities(of: shifted)
    }
    #expect(
      fault?.problem.description.hasPrefix("the images have intensities from -")
        == true)
    try Autoencoder.checkIntensities(of: samples)
  }
}

@Suite("Bad input")
struct AutoencoderFaultTests {
  @Test("is named by a fault")
  func hyperparameters() {
    func expectFault(
      _ part: String, samples: Matrix = waves(20),
      context: RunContext = context(),
      _ change: (inout Autoencoder) -> Void = { _ in }
    ) {
      var detector = detector(.cnn)
      change(&detector)
      do {
        _ = try detector.fit(samples, in: context)
        Issue.record("no fault: \(part)")
      } catch {
        #expect("\(error)".contains(part))
      }
    }
    expectFault("training.epochs cannot be 0") { $0.training.epochs = 0 }
    expectFault("training.learningRate cannot be nan") {
      $0.training.learningRate = .nan
    }
    expectFault("training.patience cannot be 0") { $0.training.patience = 0 }
    expectFault("widths cannot be") { $0.widths = [] }
    expectFault("cnn has no latentSize") { $0.latentSize = 3 }
    expectFault("cnn has no beta") { $0.beta = 3 }
    expectFault("cnn has no score") { $0.score = .evidence }
    expectFault("works on images", context: RunContext())
    expectFault(
      "16 x 16 x 3 do not have 3 numbers", samples: Matrix([[0, 0, 0]]))
    expectFault("too small") { $0.widths = [1, 1, 1, 1, 1, 1] }
    expectFault("too few", samples: Matrix(rows: 0, columns: shape.count))
    var wrong = waves(20)
    wrong[7, 3] = .infinity
    expectFault("row 7, column 3", samples: wrong)
    var small = context()
    small.memoryBudget = 1 << 20
    expectFault("smaller batch size", context: small)
  }

  @Test("a checkpoint of another run, a damaged one and a model are refused")
  func checkpoints() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("checkpoint")
    var writing = context()
    writing.checkpoint = CheckpointFile(file)
    let model = try detector(.cnn).fit(waves(20), in: writing)
    var reading = context()
    reading.checkpoint = CheckpointFile(file, resumes: true)
    func expectFault(
      _ part: String, _ detector: Autoencoder, _ context: RunContext,
      samples: Matrix = waves(20)
    ) {
      do {
        _ = try detector.fit(samples, in: context)
        Issue.record("no fault: \(part)")
      } catch {
        #expect("\(error)".contains(part))
      }
    }
    expectFault("it trains cnn", detector(.fcn), reading)
    expectFault("hyper-parameters", detector(.cnn, epochs: 9), reading)
    expectFault("20 images", detector(.cnn), reading, samples: waves(21))
    var other = reading
    other.seed = 5
    expectFault("its seed is 0", detector(.cnn), other)

    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 9] ^= 1
    try bytes.write(to: file)
    expectFault("damaged or edited", detector(.cnn), reading)
    try bytes.dropLast(100).write(to: file)
    expectFault("cut short", detector(.cnn), reading)
    try Safetensors(encoding: model).write(to: file)
    expectFault("something else", detector(.cnn), reading)
    try FileManager.default.removeItem(at: file)
    expectFault("cannot read", detector(.cnn), reading)
    writing.checkpoint = CheckpointFile(
      URL(fileURLWithPath: "/nowhere/checkpoint"))
    expectFault("cannot write", detector(.cnn), writing)
  }

  @Test("an edited model file is refused, whatever was edited")
  func editedModel() throws {
    let model = try detector(.cnn, epochs: 1).fit(waves(20), in: context())
    let file = try Safetensors(encoding: model)
    for (from, to) in [
      ("\"height\":16", "\"height\":17"), ("\"height\":16", "\"height\":-1"),
      ("\"cnn\"", "\"fcn\""), ("\"cnn\"", "\"none\""),
      ("\"warmUpEpochs\"", "\"widths\":[65536,65536],\"warmUpEpochs\""),
      ("\"history\"", "\"story\""), ("\"width\":16", "\"width\":9999999999"),
    ] {
      var edited = file
      edited.metadata = file.metadata.mapValues {
        $0.replacingOccurrences(of: from, with: to)
      }
      #expect(edited != file || from == to)
      if from == "\"height\":16" && to == "\"height\":17" {
        // The weights of convolutions fit any size.
        #expect(throws: Never.self) {
          try edited.decode(AutoencoderModel.self)
        }
      } else {
        #expect(throws: DecodingError.self) {
          try edited.decode(AutoencoderModel.self)
        }
      }
    }
  }
}
