import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Images
import LinearAlgebra

/// A category that one detector after another is fitted to and judged on.
struct ComparedCategory {
  /// The masks are nil where there are none, and when the features are no
  /// pictures.
  private typealias Samples = (
    train: PreparedCategory, test: any SampleSource, masks: DefectMasks?
  )

  private let samples: Result<Samples, any Error>
  private let testSamples: SampleSet
  private var pictures: SamplePictures
  /// What all results have in common.
  private let blank: DetectorResult

  /// Reads the samples and makes features of them; what keeps it from that
  /// becomes the failure of every run.
  ///
  /// - Parameters:
  ///   - workload: That of the category.
  ///   - dataset: The name that results carry.
  /// - Throws: `CancellationError`.
  init(
    _ category: DatasetCategory, _ workload: Workload, of dataset: String,
    in context: RunContext
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let train = try PreparedCategory(category, workload, in: context)
      samples = .success(
        (
          train, try train.test(in: context),
          train.features.extractor.featureImageShape == nil
            ? nil : try DefectMasks(of: category.test, in: context)
        ))
    } catch let error as CancellationError {
      throw error
    } catch {
      samples = .failure(error)
    }
    testSamples = category.test
    pictures = SamplePictures(of: category.test)
    var blank = DetectorResult(
      dataset: dataset, category: category, detector: "",
      features: workload.features)
    blank.figures[.loadSeconds] = (clock.now - start) / .seconds(1)
    self.blank = blank
  }

  /// Why there are no samples, or no features of them.
  var failure: (any Error)? {
    if case .failure(let error) = samples { error } else { nil }
  }

  /// Fits one detector and judges its scores; what keeps it from that becomes
  /// the failure of the run.
  ///
  /// - Parameter shown: The extreme samples of each list that are shown, with
  ///   their pictures; nil for a run that nobody looks at.
  /// - Throws: `CancellationError`.
  mutating func run(
    _ detector: NamedDetector, seed: UInt64, shown: Int? = nil,
    in context: RunContext
  ) throws -> ComparisonRun {
    var run = ComparisonRun(result: blank, test: testSamples, scores: [])
    run.result.detector = detector.name
    run.result.seed = seed
    var context = context
    context.seed = seed
    do {
      let samples = try samples.get()
      let model = try fit(detector, to: samples, in: context, into: &run)
      run.explanation = model.model.inWords
      run.groups =
        try model.model.grouping?.groups(of: samples.test, in: context) ?? []
      if let shown {
        try run.showExtremes(shown, from: &pictures, in: context)
        try run.explainExtremes(
          by: model, of: samples.test, masks: samples.masks, in: context)
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      run.failure = error
    }
    return run
  }

  private func fit(
    _ detector: NamedDetector, to samples: Samples, in context: RunContext,
    into run: inout ComparisonRun
  ) throws -> FittedPipeline {
    let clock = ContinuousClock()
    let parts = context.parts([4, 1])
    let fit = try clock.measure(
      try samples.train.fit(detector, trainingScores: .none, in: parts[0]))
    var pixels = fit.value.pixelFigures(for: samples.masks, in: context)
    var mapTime = Duration.zero
    let leavingOneOut =
      samples.train.isTransductive ? fit.value.model.leavingOneOut : nil
    let scoring = try clock.measure(
      try leavingOneOut?.leaveOneOutScores(in: parts[1])
        ?? fit.value.scores(
          of: samples.test, in: parts[1],
          maps: pixels == nil
            ? nil
            : { places, maps in
              mapTime += clock.measure {
                pixels?.add(maps, at: places, in: context)
              }
            }))
    let evaluation = try testSamples.labels.map {
      try Evaluation(scores: scoring.value, labels: $0)
    }
    run.scores = scoring.value
    run.result.figures[.auroc] = evaluation?.auroc
    if evaluation != nil {
      run.result.defectAurocs = try testSamples.defectAurocs(run.scores)
    }
    run.result.figures[.averagePrecision] = evaluation?.averagePrecision
    run.result.figures[.fitSeconds] = fit.seconds
    run.result.figures[.scoreSeconds] =
      scoring.seconds - mapTime / .seconds(1)
    pixels?.finish(into: &run.result.figures)
    return fit.value
  }
}

extension SampleSet {
  /// The AUROC of every kind of defect, if there are kinds.
  fileprivate func defectAurocs(_ scores: [Float]) throws -> [String: Double] {
    let rows = Array(zip(samples, scores))
    let ordinary = rows.filter { $0.0.label == 0 }.map(\.1)
    let kinds = Dictionary(
      grouping: rows.filter { $0.0.label == 1 }, by: { $0.0.defect ?? "" })
    guard kinds.count > 1 || kinds.keys.first?.isEmpty == false else {
      return [:]
    }
    return try kinds.filter { !$0.key.isEmpty }.mapValues { strange in
      try Evaluation(
        scores: ordinary + strange.map(\.1),
        labels: ordinary.map { _ in 0 } + strange.map { _ in 1 }
      ).auroc
    }
  }
}

extension FittedPipeline {
  /// What counts the pixels of heat maps; nil where none can be counted.
  fileprivate func pixelFigures(
    for masks: DefectMasks?, in context: RunContext
  ) -> PixelFigures? {
    guard let masks, let shape = extractor.featureImageShape,
      localizing?.comparesMaps == true
    else { return nil }
    return PixelFigures(masks, mapShape: shape, in: context)
  }
}

extension ComparisonRun {
  /// Shows what the model takes the extreme samples for, and where it sees them
  /// strange.
  fileprivate mutating func explainExtremes(
    by model: FittedPipeline, of rows: any SampleSource,
    masks: DefectMasks?, in context: RunContext
  ) throws {
    let places = extremes.places
    guard model.extractor.imageShape != nil else {
      reasons = Dictionary(
        uniqueKeysWithValues: zip(
          places, try model.reasons(for: places, of: rows, in: context)))
      return
    }
    guard model.extractor.featureImageShape != nil else { return }
    let rows = try rows.matrix(ofRows: places)
    let images = try model.reconstructions(of: rows, in: context)
    for (place, image) in zip(places, images ?? []) {
      reconstructions[place] = image
    }
    heatMapThreshold = try model.model.leftOutScores.map {
      Float(
        try Calibration(
          leftOut: $0.peaks, falseAlarms: FalseAlarmRate(0.01)
        ).threshold)
    }
    let maps = try model.heatMaps(of: rows, in: context)
    for (place, map) in zip(places, maps ?? []) {
      guard let size = pictures[place]?.size else { continue }
      heatMaps[place] = map.interpolated(to: size)
      self.masks[place] = masks?.image(at: place, size: size)
    }
  }

  /// Finds the extreme samples and makes their pictures.
  ///
  /// - Throws: `CancellationError`.
  mutating func showExtremes(
    _ count: Int, from shelf: inout SamplePictures, in context: RunContext
  ) throws {
    extremes = ExtremeSamples(
      scores: scores, labels: test.labels, count: count)
    pictures = try shelf.images(at: extremes.places, in: context)
  }
}

extension ContinuousClock {
  /// A value and the seconds that making it took.
  fileprivate func measure<Value>(
    _ make: @autoclosure () throws -> Value
  ) rethrows -> (value: Value, seconds: Double) {
    let start = now
    let value = try make()
    return (value, (now - start) / .seconds(1))
  }
}
